import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

/// `.opencodefs/by/`
@Suite(.serialized, .timeLimit(.minutes(25))) struct ByTests {
    /// All links below a directory, by their path in it, and where they lead.
    private static func links(below path: String) throws -> [String: String] {
        let run = try Run.program("find", [path, "-type", "l", "-printf", "%P\\t%l\\n"])
        #expect(run.status == 0, "\(run.errors)")
        return Dictionary(
            run.lines.map { line in
                let fields = line.components(separatedBy: "\t")
                return (fields[0], fields[1])
            }, uniquingKeysWith: { $1 })
    }

    @Test(arguments: TestFamily.allCases)
    func `R11 every session is under by/ once for each order, and no link dangles`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family, sessions: 20, messages: 160)
        let by = mounted.path(".opencodefs/by")
        let sessions = try mounted.shell("find . -name session.json -printf '%h\\n' | sort").lines
        for order in ["date", "model", "agent", "path"] {
            let links = try Self.links(below: by + "/" + order)
            // The Go OpenCode keeps neither the agent nor the directory.
            let isKept = !family.isGo || ["date", "model"].contains(order)
            #expect(links.count == (isKept ? sessions.count : 0), "\(order)")
            for (path, target) in links {
                #expect(!target.hasPrefix("/"))
                #expect(File.exists("\(by)/\(order)/\(path)/session.json"), "\(order)/\(path) -> \(target)")
                #expect(path.components(separatedBy: "/").last == target.components(separatedBy: "/").last)
            }
        }
        #expect(try mounted.shell("find -L .opencodefs/by -maxdepth 5 -type l").text == "")
        #expect(try File.text(mounted.path(".opencodefs/errors.jsonl")) == "")
    }

    @Test(arguments: TestFamily.plain)
    func `R11 by/ follows what OpenCode does`(family: TestFamily) throws {
        let mounted = try MountedHistory(family, ["-o", "names=id"]) { rows in
            try rows.project("shop")
            try rows.session("ses_1", updated: Rows.noon)
            try rows.session("ses_2", updated: Rows.noon + 5000)
        }
        let latest = mounted.path(".opencodefs/by/latest")
        #expect(try mounted.shell("basename $(readlink .opencodefs/by/latest)").lines == ["ses_2"])
        let rows = try Rows(mounted.database)
        try rows.session("ses_3", updated: Rows.noon + 9000)
        #expect(Sandbox.waits { (try? mounted.shell("basename $(readlink \(latest))").lines) == ["ses_3"] })
        #expect(try mounted.shell("ls .opencodefs/by/date/2026/11/18").lines == ["ses_1", "ses_2", "ses_3"])
        switch family {
        case .go, .team:
            for (session, model) in [("ses_1", "gpt/5"), ("ses_2", "claude"), ("ses_2", "gpt/5")] {
                try rows.message("msg_\(session)_\(model)", in: "\(session)", "[]", sequence: 1)
                try rows.connection.run(
                    "UPDATE messages SET model = \(model) WHERE id = \("msg_\(session)_\(model)")")
            }
        case .v1, .v2, .both:
            for session in ["ses_1", "ses_2"] {
                try rows.connection.run(
                    """
                    UPDATE \(family == .v2 ? SQLIdentifier("session_v2") : SQLIdentifier("session")) \
                    SET model = '{"id":"gpt/5","providerID":"p"}', agent = 'build' WHERE id = \(session)
                    """)
            }
            #expect(Sandbox.waits { (try? mounted.shell("ls .opencodefs/by/agent/build").lines.count) == 2 })
            #expect(try mounted.shell("ls .opencodefs/by/path/home/u/shop").lines.count == 3)
        }
        #expect(
            Sandbox.waits { (try? mounted.shell("ls .opencodefs/by/model/gpt%2F5").lines) == ["ses_1", "ses_2"] })
        #expect(try mounted.shell("ls .opencodefs/by/model").lines == ["gpt%2F5"])
    }

    @Test func `D4 nothing under by/ is removed or made`() throws {
        let mounted = try MountedHistory(demo: .v1)
        let before = try mounted.database.dump()
        for line in [
            "rm .opencodefs/by/latest", "rm -r .opencodefs/by/date", "rmdir .opencodefs/by/model/*",
            "mkdir .opencodefs/by/x", "ln -s x .opencodefs/by/y", "touch .opencodefs/by/z",
            "mv .opencodefs/by/latest .opencodefs/by/last", "echo > .opencodefs/by/date/x",
        ] {
            let run = try mounted.shell(line)
            #expect(run.status != 0 && run.errors.contains("Operation not permitted"), "\(line): \(run.errors)")
        }
        #expect(before.difference(to: try mounted.database.dump()) == [])
    }

    @Test func `R11 by/path leads to any working directory, hidden ones too`() throws {
        let directories = ["/home/u/.config/nvim", "/home/u/a~b/100%", "/srv/x y"]
        let mounted = try MountedHistory(.v1, ["-o", "names=id"]) { rows in
            try rows.project("shop")
            for (number, directory) in directories.enumerated() {
                try rows.session("ses_\(number)")
                try rows.connection.run("UPDATE session SET directory = \(directory) WHERE id = \("ses_\(number)")")
            }
        }
        for (number, directory) in directories.enumerated() {
            #expect(
                File.exists(mounted.path(".opencodefs/by/path\(directory)/ses_\(number)/session.json")), "\(directory)")
        }
    }
}
