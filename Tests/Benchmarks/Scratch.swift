import Foundation
import TestSupport

/// A directory on a disk for mounts, state and what only lasts for the run.
final class Scratch {
    private let temporary: TemporaryDirectory

    /// Also makes it the home of every program that is started from here: the trash of a measurement is nobody's.
    init() throws {
        temporary = try TemporaryDirectory()
        for (name, value) in [
            ("HOME", file("home")), ("XDG_STATE_HOME", file("state")), ("XDG_CONFIG_HOME", file("home/config")),
            ("TZ", "UTC"), ("LC_ALL", "C.UTF-8"),
        ] {
            setenv(name, value, 1)
        }
        for name in ["OPENCODE_DB", "RIPGREP_CONFIG_PATH", "GREP_OPTIONS"] { unsetenv(name) }
        _ = try directory("home/config")
    }

    var path: String { temporary.path }

    func file(_ name: String) -> String {
        temporary.file(name)
    }

    /// The path of a directory, which is made where there is none.
    func directory(_ name: String) throws -> String {
        try temporary.directory(name)
    }
}
