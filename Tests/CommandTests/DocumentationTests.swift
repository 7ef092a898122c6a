import DemoHistory
import Foundation
import TestSupport
import Testing

/// Every command in README and docs runs, as a reader would run it: the blocks of a document one after the other, in a
/// home of their own with a history mounted at ~/opencode-history.
@Suite struct DocumentationTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    @Test(
        .timeLimit(.minutes(25)), arguments: ["README.md", "docs/commands.md", "docs/performance.md", "docs/team.md"])
    func `every command in a document works`(document: String) throws {
        let blocks = try Self.blocks(of: document)
        #expect(!blocks.isEmpty, "\(document) shows no commands")
        let home = try Home(server: document == "docs/team.md" ? MariaDBServer() : nil)
        for block in blocks {
            let run = try home.shell(block)
            #expect(run.status == 0, "\(document):\n\(block)\nended with \(run.status): \(run.errors)")
            #expect(!run.errors.contains("No such file"), "\(document):\n\(block)\n\(run.errors)")
        }
    }

    @Test func `no document shows commands that no test runs`() throws {
        let tested: Set = ["README.md", "docs/commands.md", "docs/performance.md", "docs/team.md"]
        let documents = try FileManager.default.subpathsOfDirectory(atPath: Self.root + "/docs").map { "docs/" + $0 }
        for document in documents + ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
        where document.hasSuffix(".md") && !tested.contains(document) {
            let text = try String(contentsOfFile: Self.root + "/" + document, encoding: .utf8)
            #expect(!text.contains("```sh"), "\(document) is not among the tested documents")
        }
    }

    @Test func `every message about a server stands in the document for teams`() throws {
        let document = try String(contentsOfFile: Self.root + "/docs/team.md", encoding: .utf8)
        let driver = try String(
            contentsOfFile: Self.root + "/Sources/MySQLDriver/SQLError+MySQL.swift", encoding: .utf8)
        let texts = driver.matches(of: #/\(\.([a-zA-Z]+), "([^"]+)"\)/#)
        #expect(texts.count > 20)
        // Of the others no person hears: a program gets an errno, and what was saved is kept.
        let unheard: Set = ["misuse", "constraint", "corrupt", "expired"]
        for text in texts where !unheard.contains(String(text.1)) {
            #expect(document.contains(String(text.2)), "docs/team.md does not explain: \(text.2)")
        }
        for text in [
            "no password was found", "there is no table in it that the user", "it has no tables sessions and messages",
            "has tables already; init wants an empty database", "invalid session provider type",
            "holds a password and others may read it", "holds a password, which every user of this computer can see",
            "is required when using MySQL session provider (or provide DSN)", "has tls=aurora",
            "means something to programs in Go only", "does not encrypt: switch on TLS there",
        ] {
            #expect(document.contains(text), "docs/team.md does not explain: \(text)")
        }
    }

    @Test(
        arguments: [
            "mount", "umount", "status", "where", "search", "trash", "restore", "ls", "cat", "put", "rm", "mv", "list",
            "grep", "import", "slim", "demo", "init",
        ])
    func `each command explains itself with examples`(command: String) throws {
        let run = try Run.opencodefs([command, "--help"])
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        for word in ["Usage: opencodefs \(command)", "Options:", "Examples:", "--help"] {
            #expect(run.text.contains(word), "\(command) --help lacks \(word)")
        }
        // The help fits a terminal.
        #expect(run.lines.allSatisfy { $0.count <= 110 })
    }

    @Test func `the README names the programs that the Makefile has`() throws {
        let help = try Run.program("make", ["-s", "-C", Self.root, "help"])
        #expect(help.status == 0)
        let readme = try String(contentsOfFile: Self.root + "/README.md", encoding: .utf8)
        let targets = readme.matches(of: /make ([a-z]+)/).map { String($0.1) }
        #expect(targets.contains("mount") && targets.contains("test"))
        for target in targets { #expect(help.text.contains("make \(target)"), "make \(target) is no target") }
    }

    /// The blocks of a document that are marked as shell.
    static func blocks(of document: String) throws -> [String] {
        let text = try String(contentsOfFile: root + "/" + document, encoding: .utf8)
        return text.components(separatedBy: "```sh\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
    }
}

/// A home with a history in it, mounted.
private final class Home {
    let directory: TemporaryDirectory
    let environment: [String: String]
    /// Of a team, for the document that needs one; nobody else's databases are there.
    let server: MariaDBServer?

    init(server: MariaDBServer?) throws {
        self.server = server
        directory = try TemporaryDirectory()
        let path = directory.path
        let program = URL(fileURLWithPath: Run.opencodefsPath).deletingLastPathComponent().path
        let bin = try directory.directory("bin")
        // Changes a word of the file that is named last.
        try Data("#!/bin/bash\nsed -i '0,/the/s//The/' \"${@: -1}\"\n".utf8).write(
            to: URL(fileURLWithPath: bin + "/edit"))
        chmod(bin + "/edit", 0o755)
        environment = [
            "HOME": path, "XDG_DATA_HOME": path + "/data", "XDG_STATE_HOME": path + "/state",
            "XDG_CONFIG_HOME": path + "/config", "OPENCODE_DB": "",
            // Nobody is there to choose, to read and to write.
            "FZF_DEFAULT_OPTS": "--filter=e", "PAGER": "cat", "EDITOR": "edit",
            "HOST": "127.0.0.1", "PORT": server.map { "\($0.port)" } ?? "",
            "PATH": program + ":" + bin + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? ""),
        ]
        if let server {
            // For the administrator, who works where the server is. Not [client]: opencodefs would take the user.
            try Data("[mariadb-client]\nsocket=\(server.socket)\nuser=root\n".utf8).write(
                to: URL(fileURLWithPath: path + "/.my.cnf"))
        }
        _ = try directory.directory("data/opencode")
        _ = try TestDatabase(demo: .v1, at: directory.file("data/opencode/opencode.db"), sessions: 40, messages: 200)
        let mountpoint = try directory.directory("opencode-history")
        let mounted = try Run.opencodefs(["mount", mountpoint], in: path, environment: environment)
        try #require(mounted.status == 0, "\(mounted.errors)")
    }

    func shell(_ block: String) throws -> Run {
        try Run.program("bash", ["-e", "-c", block], in: directory.path, environment: environment)
    }

    deinit {
        for mountpoint in ["opencode-history", "history", "team"] {
            let path = directory.file(mountpoint)
            guard (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8))?.contains(" \(path) ") == true
            else { continue }
            _ = try? Run.opencodefs(["umount", "--lazy", path], environment: environment)
        }
    }
}
