import DemoHistory
import Glibc
import SQL
import TestSupport

/// Rows such as no OpenCode writes and any database may hold.
enum AwkwardHistory {
    /// Texts where JSON objects should be.
    static let texts: [SQLValue] = [
        "{}", "{ }", "", "[]", "{", "{\"role\":\"user\"", "plain text", "\"a string\"", "null", " {\"role\":\"user\"}",
        #"{"cost":1.0e5,"tokens":-0,"big":123456789012345678901234567890,"tiny":1E-400}"#,
        #"{"role":"user","text":"Zürich 東京 🦊 é"}"#, "{\"role\":\"user\",\n\"text\":\"two lines\"}\n",
        #"{"role":"a/b\n~%","role":"twice","id":"not mine"}"#, #"{"role":5}"#,
        .text(Array("{\"role\":\"us".utf8) + [0] + Array("er\"} and more".utf8)), .text([0]),
        .text([0x7b, 0xff, 0xfe, 0x7d]), .blob([0x7b, 0x00, 0x7d, 0xc3]),
    ]

    /// Identifiers that file names cannot hold as they are, or that are easily taken for one another.
    static let identifiers: [SQLValue] = [
        "a/b", "..", ".", ".hidden", "new\nline", "tab\tbell\u{7}", "til~de", "2026-11-18.x~til~de", "100%", "%2F",
        "%x41",
        "%empty", "%-0123456789abcdef", "", " ", "-rf", "*", "\u{7f}", "\u{85}", "\u{feff}", "a\\b", "quote\"d",
        "quote'd",
        "session.json", "messages", "project.json", "archived", "children", ".opencodefs", "Case", "case", "CASE",
        "caf\u{e9}", "cafe\u{301}", "東京", "🦊👩‍👩‍👧", .text([0xff, 0xfe]), .text([0x61, 0xc3, 0x28]),
        .text([0xed, 0xa0, 0x80]), .text([0xf5, 0x80]), .blob([0x61]), "a", .blob([0xff, 0x2f]), .blob([]),
        .blob([0, 0]),
        long("x", 300), long("y", 249), long("y", 250), long("z", 255), long("z", 256), long("/", 90), long("é", 150),
        .blob([UInt8](repeating: 0x78, count: 300)), long("x", 1_000),
    ]

    private static func long(_ text: String, _ count: Int) -> SQLValue {
        SQLValue(String(repeating: text, count: count))
    }

    static let titles: [SQLValue] = [
        "", " ", "a/b/../c", "line\nline", "~/.ssh", "🦊", "Ünïcödé 東京 and ", .text([0xff, 0x2f]),
        .text([0x61, 0, 0x62]),
        long("very long title ", 60), long("長", 400), "..", "-", "\u{202e}right to left",
    ]

    /// Five million bytes, and a bit.
    static let large = SQLValue(#"{"type":"text","text":""# + String(repeating: "0123456789", count: 500_000) + #""}"#)

    /// Fills all tables that the tree shows, and waits until a mount that is there already must show it (rule R5).
    static func write(to database: TestDatabase) throws {
        defer { if !database.family.holdsAnything { usleep(1_100_000) } }
        var rows = try Rows(database)
        rows.skipsRefused = true
        try rows.connection.run(
            database.family.holdsAnything ? "PRAGMA foreign_keys = OFF" : "SET SESSION foreign_key_checks = 0")
        try rows.connection.writing { () throws(SQLError) in
            do {
                try write(rows)
                // The V1 rows that OpenCode 2 left behind: copied ones that went stale, and one it never copied.
                if database.family == .both {
                    try stale(Rows(connection: rows.connection, generation: .v1))
                }
            } catch let error as SQLError {
                throw error
            } catch {
                throw SQLError(.misuse, message: "\(error)")
            }
        }
    }

    private static func write(_ rows: Rows) throws {
        try rows.project("shop")
        try rows.project("global", worktree: "/")
        for (index, id) in identifiers.enumerated() {
            try rows.project(id, worktree: "/home/u/work \(index)")
            try rows.session(id, in: "shop")
            try rows.session(SQLValue("home-\(index)"), in: id)
        }
        try rows.session("ses_texts")
        for (index, text) in texts.enumerated() {
            try rows.message(
                SQLValue("msg_\(index)"), in: "ses_texts", text,
                parts: texts.enumerated().map { (SQLValue("prt_\(index)_\($0)"), $1) })
        }
        try rows.session("ses_ids")
        for (index, id) in identifiers.enumerated() {
            try rows.message(
                id, in: "ses_ids", SQLValue(#"{"role":"user","number":\#(index)}"#), parts: [(id, "{}")])
        }
        for (index, title) in titles.enumerated() { try rows.session(SQLValue("ses_title_\(index)"), title: title) }
        try shapes(rows)
        try families(rows)
    }

    private static func shapes(_ rows: Rows) throws {
        try rows.session("ses_empty")
        try rows.session("ses_no_parts")
        try rows.message("msg_no_parts", in: "ses_no_parts")
        try rows.session("ses_large")
        try rows.message(
            "msg_large", in: "ses_large", rows.generation == .v1 ? "{}" : large, parts: [("prt_large", large)])
        try rows.session("ses_order")
        try rows.message(
            "msg_order", in: "ses_order",
            parts: ["prt_c", "prt_a", "prt_B", "prt_b", "prt_ä", "prt_10", "prt_9"].map {
                (SQLValue($0), "{\"n\":\"\($0)\"}")
            })
        for name in ["late", "early", "middle"] { try rows.message(SQLValue("msg_same_\(name)"), in: "ses_order") }
        for time: Int64 in [0, -1, .min, .max, 1, 1_794_996_930] {
            try rows.session(SQLValue("ses_time_\(time)"), created: time, updated: time)
            try rows.message(SQLValue("msg_time_\(time)"), in: SQLValue("ses_time_\(time)"), created: time)
        }
        if rows.generation == .v1 {
            // A part whose session is another one, a message whose session is gone, ids that are NULL.
            try rows.part("prt_foreign", of: "msg_order", in: "ses_elsewhere", "{\"foreign\":true}")
            try rows.part(.null, of: "msg_order", in: "ses_order", "{}")
            try rows.part("prt_orphan", of: "msg_gone", in: "ses_order", "{}")
        }
        try rows.message("msg_orphan", in: "ses_gone")
        try rows.message(.null, in: "ses_order", sequence: 900)
        try rows.session(.null, title: "no id")
    }

    private static func families(_ rows: Rows) throws {
        try rows.session("ses_lost", parent: "ses_gone")
        try rows.session("ses_self", parent: "ses_self")
        try rows.session("ses_two_a", parent: "ses_two_b")
        try rows.session("ses_two_b", parent: "ses_two_a")
        for (one, other) in [("a", "b"), ("b", "c"), ("c", "a")] {
            try rows.session(SQLValue("ses_three_\(one)"), parent: SQLValue("ses_three_\(other)"))
        }
        try rows.session("ses_of_cycle", parent: "ses_three_a")
        try rows.session("ses_parent", archived: .integer(Rows.noon))
        try rows.session("ses_child", parent: "ses_parent", archived: .integer(Rows.noon))
        try rows.session("ses_child_elsewhere", in: "global", parent: "ses_parent")
        try rows.session("ses_grandchild", in: "unknown", parent: "ses_child_elsewhere")
        try rows.session("ses_archived", in: "global", archived: .integer(1))
        try rows.session("ses_no_project", in: "a project without a row")
        try rows.message(
            "msg_of_grandchild", in: "ses_grandchild", parts: [("prt_of_grandchild", "{\"type\":\"text\"}")])
    }

    private static func stale(_ rows: Rows) throws {
        try rows.session("ses_texts", title: "the old title")
        try rows.message("msg_0", in: "ses_texts", #"{"role":"stale"}"#, parts: [("prt_stale", "{\"stale\":true}")])
        try rows.session("ses_v1_only")
        try rows.message("msg_v1_only", in: "ses_v1_only", parts: [("prt_2", "{}"), ("prt_1", "{\"type\":\"text\"}")])
        try rows.session("ses_v1_child", parent: "ses_parent")
        try rows.connection.run(
            """
            INSERT INTO todo (session_id, content, status, priority, position, time_created, time_updated)
            VALUES ('ses_v1_only', 'two
            lines "quoted"', 'pending', 'high', 0, 1, 2)
            """)
    }
}
