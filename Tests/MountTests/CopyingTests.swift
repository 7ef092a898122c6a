import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(25))) struct CopyingTests {
    /// A project with a session that has a list, messages, a child and a grandchild, with one that is archived and has a child
    /// too, and with one whose parent is gone.
    private static func fill(_ database: TestDatabase) throws {
        let rows = try Rows(database)
        try rows.project("shop")
        try rows.session("ses_1parent", title: "Fix the login", created: Rows.noon + 1000, updated: Rows.noon + 9000)
        try rows.session("ses_2child", parent: "ses_1parent", created: Rows.noon + 2000)
        try rows.session(
            "ses_3old", title: "Old things", created: Rows.noon + 3000, archived: .integer(Rows.noon + 4000))
        try rows.session("ses_4grandchild", parent: "ses_2child", created: Rows.noon + 5000, updated: Rows.noon + 8000)
        try rows.session("ses_5oldchild", parent: "ses_3old", created: Rows.noon + 6000, updated: Rows.noon + 7000)
        try rows.session("ses_6orphan", parent: "ses_0gone", created: Rows.noon + 7000)
        // The ids are in another order than the conversation.
        for (session, names) in [
            ("ses_1parent", ["d", "b", "a", "c"]), ("ses_2child", ["x", "w"]), ("ses_3old", ["z"]),
            ("ses_4grandchild", ["g", "f"]), ("ses_5oldchild", ["o"]), ("ses_6orphan", ["q", "p"]),
        ] {
            for (number, name) in names.enumerated() {
                let time = Rows.noon + Int64(number + 1) * 2000
                let isAssistant = number % 2 == 1
                let (data, parts): (String, [(id: SQLValue, data: SQLValue)])
                switch rows.generation {
                case .v1:
                    (data, parts) = (
                        """
                        {"role":"user","time":{"created":\(time)},"agent":"build","model":{"providerID":"p","modelID":"m"}}
                        """,
                        [
                            ("prt_\(name)1", #"{"type":"text","text":"one"}"#),
                            ("prt_\(name)2", #"{"type":"text", "text":"é"}"#),
                        ]
                    )
                case .v2: (data, parts) = (#"{"time":{"created":\#(time)},"text":"one é"}"#, [])
                case .go:
                    (data, parts) = (
                        #"[{"type":"text","data":{"text":"one é"}},{"type":"finish","data":{"reason":"stop","time":1}}]"#,
                        []
                    )
                }
                try rows.message(
                    "msg_\(name)", in: "\(session)", "\(data)", created: time, updated: time + 1000,
                    type: isAssistant && rows.generation == .go ? "assistant" : "user", sequence: Int64(number + 1),
                    parts: parts)
            }
        }
        if rows.generation == .v1 { try rows.belongings(of: "ses_1parent", database) }
        if rows.generation == .go { try setTimes(database) }
    }

    /// Gives sessions a time of change in the past again, which triggers of the Go family have set to now.
    private static func setTimes(_ database: TestDatabase) throws {
        let connection = try database.connect()
        if database.server == nil {
            try connection.run(
                """
                CREATE TEMP TRIGGER past BEFORE UPDATE ON main.sessions WHEN new.updated_at IS NOT new.created_at + 100 \
                BEGIN SELECT RAISE(IGNORE); END
                """)
            try connection.run("UPDATE sessions SET updated_at = created_at + 100")
        } else {
            for created in try connection.column("SELECT DISTINCT created_at FROM sessions").compactMap(\.integer) {
                try connection.run("SET SESSION timestamp = \(created + 100)")
                try connection.run("UPDATE sessions SET updated_at = created_at + 100 WHERE created_at = \(created)")
            }
        }
    }

    /// Run in the destination; `$S` is the source's mountpoint, `$P` the project's directory in both.
    static let copies = [
        ("cp -r", "cp -r \"$S/$P\" ."), ("cp -a", "cp -a \"$S/$P\" ."),
        ("tar", "tar -C \"$S\" -cf - \"$P\" | tar xf -"),
        ("rsync -a", "rsync -a \"$S/$P\" ."),
        ("unzip", "rm -f $T/z.zip; (cd $S && zip -yqr $T/z \"$P\") && unzip -qo $T/z"),
    ]

    static func source(
        _ family: TestFamily, _ arguments: [String]
    ) throws -> MountedHistory {
        let sandbox = try Sandbox()
        let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
        try fill(database)
        return try MountedHistory(sandbox, database, arguments)
    }

    private static func run(
        _ line: String, from source: borrowing MountedHistory, in destination: borrowing MountedHistory
    ) throws -> Run {
        let outside = try destination.sandbox.directory.directory("outside")
        return try Run.program(
            "timeout", ["-k", "1", "30", "/bin/bash", "-o", "pipefail", "-c", line], in: destination.mountpoint,
            environment: destination.sandbox.environment.merging(
                ["S": source.mountpoint, "T": outside, "P": try File.projects(in: source.mountpoint)[0]]
            ) { $1 })
    }

    /// The rows of messages and their parts, but for those times that copies without -p do not keep.
    private static func messages(_ database: TestDatabase, withTimes: Bool) throws -> [String: [String]] {
        let tables: Set = ["message", "part", "session_message", "messages"]
        let rows = try database.dump().filter { tables.contains($0.key) }
        if withTimes { return rows }
        // The number of a message of V2 stands in its label only.
        return rows.without("time_created", "time_updated", "updated_at", database.family == .v2 ? "seq" : "")
    }

    @Test(arguments: TestFamily.plain)
    func `W11 a copy of a project ends well, and is the same`(family: TestFamily) throws {
        let source = try Self.source(family, ["-o", "names=id"])
        for copy in Self.copies { try check(copy, source, family, names: "names=id") }
    }

    @Test(arguments: TestFamily.plain)
    func `W11 a copy between mounts that show labels ends well, and is the same`(family: TestFamily) throws {
        let source = try Self.source(family, [])
        for copy in Self.copies.prefix(4) { try check(copy, source, family, names: "names=label") }
    }

    @Test(arguments: [(TestFamily.go, TestFamily.team), (.team, .go)])
    func `W11 a copy between a file and a server ends well, and is the same`(from: TestFamily, to: TestFamily) throws {
        let source = try Self.source(from, [])
        for copy in Self.copies.prefix(4) { try check(copy, source, to, names: "names=label") }
    }

    private func check(
        _ copy: (name: String, line: String), _ source: borrowing MountedHistory, _ family: TestFamily,
        names: String
    ) throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
        let destination = try MountedHistory(sandbox, database, ["-o", names])
        let first = try Self.run(copy.line, from: source, in: destination)
        #expect(first.status == 0 && first.errors == "", "\(copy.name): \(first.errors)")
        let isWhole = family.isGo ? "-x session.json -x project.json -x metadata.json" : ""
        // A server's columns stand in another order.
        let isSame = source.database.family == family ? "" : isWhole
        let difference = try Self.run("diff -r \(isSame) \"$S/$P\" \"$P\"", from: source, in: destination)
        #expect(difference.status == 0 && difference.text == "", "\(copy.name): \(difference.text)")
        let rows = try database.dump()
        let (mine, theirs) = (
            try Self.messages(source.database, withTimes: false), try Self.messages(database, withTimes: false)
        )
        #expect(mine.difference(to: theirs) == [], "\(copy.name)")
        if copy.name == "rsync -a" {
            let again = try Self.run("rsync -ai \"$S/$P\" .", from: source, in: destination)
            #expect(
                again.lines.filter { !$0.hasPrefix(".") && (!family.isGo || $0.contains("messages/")) } == [],
                "\(again.text)")
        }
        let second = try Self.run(copy.line, from: source, in: destination)
        #expect(second.status == 0 && second.errors == "", "\(copy.name), once more: \(second.errors)")
        // tar and unzip remove what they write; a trigger of the Go family notes that in the session.
        let changes = rows.without("updated_at").difference(to: try database.dump().without("updated_at"))
        #expect(changes == [], "\(copy.name), once more: \(changes.joined(separator: "\n"))")
        let complaints = try File.text(destination.path(".opencodefs/errors.jsonl"))
        #expect(complaints == "", "\(copy.name)")
        for kind in ["rejected", "conflicts"] {
            #expect(try File.names(in: destination.path(".opencodefs/" + kind)) == [], "\(copy.name)")
        }
        // And nothing that only this mount shows.
        try destination.unmount()
        try destination.mount(["-o", names])
        let remounted = try Self.run("diff -r \(isWhole) \"$S/$P\" \"$P\"", from: source, in: destination)
        #expect(remounted.status == 0 && remounted.text == "", "\(copy.name), mounted again: \(remounted.text)")
    }

    /// Brings the messages of a session in another order than usual.
    private static let backwards =
        "for m in $(ls -r \"$S/$Q/messages\"); do cp \"$S/$Q/messages/$m\" \"$Q/messages\"; done"

    /// Ways to bring a session.
    static let orders = [
        "mkdir -p \"$Q/messages\"; \(backwards); cp \"$S/$Q/session.json\" \"$Q\"",
        "mkdir -p \"$Q/messages\"; cp \"$S/$Q/session.json\" \"$Q\"; \(backwards)",
        "mkdir -p \"$Q/messages\"; cp \"$S/$Q/messages\"/* \"$Q/messages\"",
    ]

    @Test(arguments: TestFamily.plain, ["names=label", "names=id"])
    func `W5 a conversation keeps its order, however its files come`(
        family: TestFamily, names: String
    ) throws {
        let source = try Self.source(family, ["-o", names])
        for line in Self.orders {
            let sandbox = try Sandbox()
            let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
            let destination = try MountedHistory(sandbox, database, ["-o", names])
            let project = "mkdir \"$P\"; cp \"$S/$P/project.json\" \"$P\"; Q=$(cd $S; echo $P/*ses_1parent);"
            let run = try Self.run(project + line, from: source, in: destination)
            #expect(run.status == 0 && run.errors == "", "\(line): \(run.errors)")
            let order: SQLQuery =
                switch family {
                case .v1: "SELECT id FROM message ORDER BY time_created, id"
                case .v2, .both: "SELECT id FROM session_message ORDER BY seq"
                case .go, .team: "SELECT id FROM messages ORDER BY seq, created_at, id"
                }
            #expect(try database.column(order) == ["msg_d", "msg_b", "msg_a", "msg_c"], "\(line)")
            let complaints = try File.text(destination.path(".opencodefs/errors.jsonl"))
            #expect(complaints == "", "\(line)")
        }
    }

    /// Orders in which the files of a project may come, told by a filter of their paths. The directories are there before, as
    /// a copy that has got to none of the files yet leaves them.
    static let arrivals = [
        "sort", "sort -r",
        // The innermost first, and below each session its messages or session.json.
        "awk -F/ '{ print NF, $0 }' | sort -rn | cut -d ' ' -f 2-",
        "awk -F/ '{ print (!/session.json/), 99 - NF, $0 }' | sort | cut -d ' ' -f 3-",
        "awk -F/ '{ print (/session.json/) + 2 * (/project.json/), $0 }' | sort | cut -d ' ' -f 2-",
        "shuf --random-source=<(yes 1 2>&-)", "shuf --random-source=<(yes fox 2>&-)",
        "shuf --random-source=<(yes 12 2>&-)",
    ]

    /// The rows of a history as a copy is to have them, but for what no file shows, and for the times that copies do not keep.
    private static func copied(_ database: TestDatabase) throws -> [String: [String]] {
        let sessions: Set = ["session", "session_v2", "sessions", "project"]
        var rows = try messages(database, withTimes: false)
        for (table, all) in try database.dump().without(database.family == .v2 ? "slug" : "")
        where sessions.contains(table) {
            rows[table] = all
        }
        return rows
    }

    @Test(arguments: TestFamily.plain)
    func `W11 a copy of a project is the same, whichever of its files comes first`(family: TestFamily) throws {
        let source = try Self.source(family, [])
        for (number, order) in Self.arrivals.enumerated() {
            let sandbox = try Sandbox()
            let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
            let destination = try MountedHistory(sandbox, database, [])
            // Files alone: the links come with a copy that brings them, or a minute later.
            let views = MountedHistory.views.map { "-x \($0)" }.joined(separator: " ")
            let line = """
                (cd "$S" && find "$P" -type d) | while read -r d; do mkdir "$d" || exit 1; done
                (cd "$S" && find "$P" -type f) | \(order) | while read -r f; do
                    cp \(number.isMultiple(of: 2) ? "" : "-p") "$S/$f" "$f" || exit 1
                done && diff -r \(views) "$S/$P" "$P"
                """
            let run = try Self.run(line, from: source, in: destination)
            #expect(run.status == 0 && run.text == "" && run.errors == "", "\(order): \(run.text) \(run.errors)")
            let difference = try Self.copied(source.database).difference(to: Self.copied(database))
            #expect(difference == [], "\(order): \(difference.joined(separator: "\n"))")
            #expect(try File.text(destination.path(".opencodefs/errors.jsonl")) == "", "\(order)")
        }
    }

    /// Ways to bring a session with its session.json.
    static let timed =
        orders.prefix(2) + [
            """
            mkdir -p "$Q/messages"; cp "$S/$Q/messages"/*msg_[ab]* "$Q/messages"; cp "$S/$Q/session.json" "$Q"
            cp "$S/$Q/messages"/*msg_[cd]* "$Q/messages"
            """,
            "cp -r \"$S/$Q\" \"$P\"", "cp -a \"$S/$Q\" \"$P\"", "rsync -a \"$S/$Q\" \"$P\"",
        ]

    @Test(arguments: TestFamily.plain)
    func `W8 a session that is copied has the times that its file says`(family: TestFamily) throws {
        let source = try Self.source(family, [])
        func row(_ database: TestDatabase) throws -> [String] {
            let table = family == .v1 ? "session" : family == .v2 ? "session_v2" : "sessions"
            let rows = try database.dump().without(family == .v2 ? "slug" : "")[table] ?? []
            return rows.filter { $0.split(separator: "|").contains("id='ses_1parent'") }
        }
        let wanted = try row(source.database)
        #expect(wanted.count == 1)
        for line in Self.timed {
            let sandbox = try Sandbox()
            let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
            let destination = try MountedHistory(sandbox, database, [])
            let project = "mkdir \"$P\"; cp \"$S/$P/project.json\" \"$P\"; Q=$(cd $S; echo $P/*ses_1parent);"
            let run = try Self.run(project + line, from: source, in: destination)
            #expect(run.status == 0 && run.errors == "", "\(line): \(run.errors)")
            #expect(try row(database) == wanted, "\(line)")
            #expect(try File.text(destination.path(".opencodefs/errors.jsonl")) == "", "\(line)")
        }
    }

    @Test(arguments: TestFamily.plain)
    func `W6 a session that is packed, removed and unpacked is the same`(family: TestFamily) throws {
        let source = try Self.source(family, [])
        let before = try Self.messages(source.database, withTimes: true)
        let listing = try source.shell("ls -R").text
        let run = try source.shell(
            "tar cf $HOME/t */*ses_1parent && rm -r */*ses_1parent && ! ls */*ses_1parent 2> /dev/null && tar xf $HOME/t"
        )
        #expect(run.status == 0 && run.errors == "", "\(run.errors)")
        let after = try Self.messages(source.database, withTimes: true)
        #expect(before.difference(to: after).filter { !$0.contains("updated_at") } == [])
        #expect(try source.shell("ls -R").text == listing)
        #expect(try source.shell("tar df $HOME/t").lines.filter { !$0.contains("time differs") } == [])
        #expect(try File.text(source.path(".opencodefs/errors.jsonl")) == "")
    }
}
