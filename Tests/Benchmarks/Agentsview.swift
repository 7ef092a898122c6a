import Foundation
import TestSupport

/// agentsview (from PyPI) imports histories into a database of its own, below HOME, and searches that through a server.
struct Agentsview {
    private static let program = "agentsview"

    /// - Returns: nil where it is not installed.
    init?(for history: History) {
        let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
        let isInstalled = folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(Self.program)") }
        guard isInstalled else { return nil }
        setenv("OPENCODE_DIR", (history.database as NSString).deletingLastPathComponent, 1)
    }

    /// Imports what it does not know yet; starts its server, if need be.
    var sync: Pass { Pass(Self.program, "sync") }

    /// Looks for a text in all of a session, the first results only: it has no more in one answer.
    func search(_ text: String) -> Pass {
        Pass(Self.program, "session", "search", text, "--include-children", "--limit", "500", "--json")
    }

    func stop() {
        _ = try? Pass(Self.program, "daemon", "stop").run(in: "/")
    }
}
