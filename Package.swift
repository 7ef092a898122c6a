// swift-tools-version: 6.2

import PackageDescription

/// Every Swift target is compiled alike: Swift 6, strict memory safety, and no warning is let through.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// Tests are Swift 6 without warnings; they may be plain.
let testSettings: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

/// A library of ours: a folder of `Sources`, and what it may import (docs/architecture.md draws the arrows).
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one target, beside the shared fixtures.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: testSettings)
}

let package = Package(
    name: "opencodefs",
    products: [
        .executable(name: "opencodefs", targets: ["opencodefs"])
    ],
    targets: [
        // C libraries, made importable and nothing else.
        .systemLibrary(name: "CFuse", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CMariaDB", pkgConfig: "libmariadb", providers: [.apt(["libmariadb-dev"])]),
        .systemLibrary(name: "CMessageDigest", pkgConfig: "libmd", providers: [.apt(["libmd-dev"])]),
        .systemLibrary(name: "CGetopt"),
        .systemLibrary(name: "CPrctl"),
        .systemLibrary(name: "CSpawn"),

        // Words: values and protocols that the layers above speak in.
        library("Timing"),
        library("Digest", ["CMessageDigest"]),
        library("VFS", ["Timing"]),
        library("SQL", ["Timing"]),
        library("SessionModel", ["Timing"]),

        // Adapters: one outside world each.
        library("Fuse", ["VFS", "Timing", "CFuse"]),
        library("SQLiteDriver", ["SQL", "Timing", "CSQLite"]),
        library("MySQLDriver", ["SQL", "Timing", "CMariaDB"]),

        // opencodefs itself, from the rows up to the tree.
        library("SessionStore", ["SessionModel", "SQL", "Digest", "Timing"]),
        library("SessionTree", ["SessionModel", "VFS", "Digest", "Timing"]),
        library("SessionSearch", ["SessionTree", "SessionStore", "SessionModel", "SQL", "Timing"]),
        library(
            "SessionFileSystem", ["SessionSearch", "SessionTree", "SessionStore", "SessionModel", "VFS", "Timing"]),
        library("Client", ["VFS", "Timing"]),
        library("DemoHistory", ["SQL", "Timing"]),
        .executableTarget(
            name: "opencodefs",
            dependencies: [
                "SessionFileSystem", "SessionSearch", "SessionTree", "SessionStore", "SessionModel", "DemoHistory",
                "VFS", "SQL", "SQLiteDriver", "MySQLDriver", "Fuse", "Client", "Timing", "CGetopt", "CPrctl", "CSpawn",
            ],
            swiftSettings: settings
        ),

        // Tests; CONTRIBUTING.md says what belongs where.
        .target(
            name: "TestSupport",
            dependencies: ["SessionStore", "DemoHistory", "SQL", "SQLiteDriver", "MySQLDriver", "Timing"],
            path: "Tests/TestSupport", swiftSettings: testSettings),
        .systemLibrary(name: "CLinux", path: "Tests/CLinux"),
        .executableTarget(
            name: "opencodefs-bench", dependencies: ["TestSupport", "SQL", "SQLiteDriver", "Timing", "CLinux"],
            path: "Tests/Benchmarks", swiftSettings: testSettings),
        .executableTarget(
            name: "opencodefs-crash", dependencies: ["TestSupport", "DemoHistory", "SQL", "SQLiteDriver", "Timing"],
            path: "Tests/Crash", exclude: ["Defects", "selftest.sh", "conflicts.py", "soak.py"],
            swiftSettings: testSettings),
        tests("TimingTests", ["Timing"]),
        tests("VFSTests", ["VFS"]),
        tests("SessionModelTests", ["SessionModel"]),
        tests("SQLTests", ["SQL"]),
        tests("SQLiteDriverTests", ["SQLiteDriver", "SQL", "Timing"]),
        tests("MySQLDriverTests", ["MySQLDriver", "SQL", "Timing"]),
        tests("SessionTreeTests", ["SessionTree", "SessionModel", "VFS", "Digest", "Timing"]),
        tests(
            "SessionStoreTests",
            ["SessionStore", "SessionModel", "SQL", "SQLiteDriver", "MySQLDriver", "DemoHistory", "Timing"]),
        tests(
            "SessionSearchTests",
            [
                "SessionSearch", "SessionStore", "SessionTree", "SessionModel", "SQL", "SQLiteDriver", "DemoHistory",
                "Timing",
            ]),
        tests(
            "SessionFileSystemTests",
            [
                "SessionFileSystem", "SessionStore", "SessionTree", "SessionModel", "VFS", "Client", "Timing", "SQL",
                "SQLiteDriver",
            ]),
        tests("DemoHistoryTests", ["DemoHistory", "SessionModel", "SQL", "SQLiteDriver", "Timing"]),
        tests(
            "CommandTests", ["opencodefs", "SessionFileSystem", "SessionStore", "SessionTree", "VFS", "MySQLDriver"]),
        tests("MountTests", ["opencodefs", "opencodefs-crash", "SQL", "DemoHistory"]),
        tests("HouseTests", []),
    ]
)

// `make fuzz` only: Tests/Fuzz/fuzz.sh links this with libFuzzer.
if Context.environment["OPENCODEFS_FUZZ"] != nil {
    package.products.append(.library(name: "OpencodefsFuzz", type: .static, targets: ["FuzzTargets"]))
    package.targets.append(
        .target(
            name: "FuzzTargets",
            dependencies: [
                "SessionFileSystem", "SessionTree", "SessionStore", "SessionModel", "VFS", "SQL", "SQLiteDriver",
                "DemoHistory", "Timing", "TestSupport",
            ],
            path: "Tests/Fuzz", exclude: ["fuzz.sh"], swiftSettings: testSettings))
}
