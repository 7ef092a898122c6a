private import Glibc

/// Faults that only the copy of the sources has which Tests/Crash/selftest.sh makes: is the harness awake?
package enum Defect {
    private static let planted: String = unsafe getenv("OPENCODEFS_DEFECT").map { unsafe String(cString: $0) } ?? ""

    package static func isPlanted(_ name: String) -> Bool {
        planted == name
    }
}
