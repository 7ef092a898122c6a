import Foundation
import Testing

/// The only direction of imports (docs/architecture.md). Package.swift says the same, but a warm build lets an upward
/// import pass, and a clean one a transitive import.
@Suite struct ImportTests {
    static let allowed: [String: Set<String>] = [
        "Timing": [],
        "Digest": ["CMessageDigest"],
        "VFS": ["Timing"],
        "SQL": ["Timing"],
        "SessionModel": ["Timing"],
        "Fuse": ["VFS", "Timing", "CFuse"],
        "SQLiteDriver": ["SQL", "Timing", "CSQLite"],
        "MySQLDriver": ["SQL", "Timing", "CMariaDB"],
        "SessionStore": ["SessionModel", "SQL", "Digest", "Timing"],
        "SessionTree": ["SessionModel", "VFS", "Digest", "Timing"],
        "SessionSearch": ["SessionTree", "SessionStore", "SessionModel", "SQL", "Timing"],
        "SessionFileSystem": ["SessionSearch", "SessionTree", "SessionStore", "SessionModel", "VFS", "Timing"],
        "Client": ["VFS", "Timing"],
        "DemoHistory": ["SQL", "Timing"],
        "opencodefs": [
            "SessionFileSystem", "SessionSearch", "SessionTree", "SessionStore", "SessionModel", "DemoHistory", "VFS",
            "SQL", "SQLiteDriver", "MySQLDriver", "Fuse", "Client", "Timing", "CGetopt", "CPrctl", "CSpawn",
        ],
    ]

    /// Modules of the toolchain that any target may use. Foundation is not among them: it would double the time to start.
    static let toolchain: Set<String> = ["Glibc", "Synchronization"]

    @Test(arguments: allowed.keys.sorted())
    func `a module imports only what lies below it`(module: String) throws {
        let files = try Repository.swiftFiles(in: "Sources/\(module)")
        #expect(!files.isEmpty)
        let permitted = try #require(Self.allowed[module]).union(Self.toolchain)
        for file in files {
            for line in try Repository.lines(of: file) {
                let words = line.split(separator: " ").map(String.init)
                guard let position = words.firstIndex(of: "import"), position + 1 < words.count,
                    words[..<position].allSatisfy({ ["package", "internal", "private", "public"].contains($0) })
                else { continue }
                #expect(permitted.contains(words[position + 1]), "\(file): \(line)")
            }
        }
    }

    @Test func `every target is in the table`() throws {
        let targets = try FileManager.default.contentsOfDirectory(atPath: Repository.root + "/Sources")
        let swift = targets.filter {
            !["CFuse", "CSQLite", "CMariaDB", "CMessageDigest", "CGetopt", "CPrctl", "CSpawn"].contains($0)
        }
        #expect(Set(swift) == Set(Self.allowed.keys))
    }
}

/// The checkout these tests were built from.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static func files(in folder: String, endingIn suffix: String) throws -> [String] {
        let base = root + "/" + folder
        let names = FileManager.default.enumerator(atPath: base)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(suffix) }.map { folder + "/" + $0 }.sorted()
    }

    static func swiftFiles(in folder: String) throws -> [String] {
        try files(in: folder, endingIn: ".swift")
    }

    static func text(of file: String) throws -> String {
        try String(contentsOfFile: root + "/" + file, encoding: .utf8)
    }

    static func lines(of file: String) throws -> [String] {
        try text(of: file).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
