import Foundation
import SessionModel
import TestSupport
import Testing

@testable import SessionTree

@Suite struct SessionEditTests {
    private static func fields(_ texts: [String: String], _ numbers: [String: Int64]) -> [String: Record.Field] {
        texts.mapValues { .text(Array($0.utf8)) }.merging(numbers.mapValues { .integer($0) }) { one, _ in one }
    }

    private static let typeScriptColumns = [
        "id", "project_id", "parent_id", "slug", "directory", "title", "version", "share_url", "summary_additions",
        "summary_deletions", "summary_files", "summary_diffs", "revert", "permission", "time_created", "time_updated",
        "time_compacting", "time_archived", "workspace_id", "path", "agent", "model", "cost", "tokens_input",
        "tokens_output", "tokens_reasoning", "tokens_cache_read", "tokens_cache_write",
    ]

    private static let row = Record(
        fields(
            [
                "id": "ses_1", "project_id": "p", "slug": "s", "directory": "/d", "title": "T", "version": "1",
                "model": #"{"id":"m","n":1.0}"#, "path": "src", "permission": "{broken",
            ],
            [
                "time_created": 1, "time_updated": 2, "cost": 0, "tokens_input": 3, "tokens_output": 0,
                "tokens_reasoning": 0, "tokens_cache_read": 0, "tokens_cache_write": 0, "time_archived": 9,
            ]), columns: typeScriptColumns)
    static let v1 = SessionRecord(generation: .v1, row: row)
    static let v2 = SessionRecord(generation: .v2, row: row)
    static let go = SessionRecord(
        generation: .go,
        row: Record(
            fields(
                ["id": "s", "title": "T", "project_id": "p", "root_session_id": "s"],
                ["message_count": 4, "created_at": 17, "updated_at": 18, "user_set_title": 0]),
            columns: [
                "id", "parent_session_id", "title", "message_count", "cost", "updated_at", "created_at", "project_id",
                "root_session_id", "user_set_title",
            ]))

    private func saved(_ session: SessionRecord, _ old: String = "", _ new: String = "") -> [UInt8] {
        let file = String(decoding: SessionFile.render(session), as: UTF8.self)
        #expect(old.isEmpty || file.contains(old))
        return Array((old.isEmpty ? file : file.replacingOccurrences(of: old, with: new)).utf8)
    }

    private func text(_ column: String, _ text: String) -> Assignment { Assignment(column, .text(Array(text.utf8))) }

    private func changes(_ session: SessionRecord, _ old: String, _ new: String) throws -> [Assignment] {
        try SessionEdit.changes(of: session, savedAs: saved(session, old, new), now: 100)
    }

    @Test(arguments: [v1, v2, go]) func `W4 a session saved as it is shown is no change`(session: SessionRecord) throws
    {
        #expect(try SessionEdit.changes(of: session, savedAs: saved(session), now: 100).isEmpty)
        var random = SeededGenerator(seed: 3)
        for _ in 0..<20 {
            let other = try Respelling.of(saved(session), shuffled: true, using: &random)
            #expect(try SessionEdit.changes(of: session, savedAs: other, now: 100).isEmpty)
        }
    }

    @Test func `W4 a save of a session changes what was edited`() throws {
        let touched = Assignment("time_updated", .integer(100))
        for session in [Self.v1, Self.v2] {
            #expect(try changes(session, #""title": "T""#, #""title": "U""#) == [text("title", "U"), touched])
            #expect(
                try changes(session, #""id":"m""#, #""id":"x""#) == [text("model", #"{"id":"x","n":1.0}"#), touched])
            #expect(
                try changes(session, #""input":3"#, #""input":4.0"#) == [Assignment("tokens_input", .real(4)), touched])
            #expect(try changes(session, #","archived":9"#, "") == [Assignment("time_archived", nil), touched])
            #expect(
                try changes(session, #""archived":9"#, #""archived":null"#) == [
                    Assignment("time_archived", nil), touched,
                ])
            #expect(try changes(session, #""updated":2"#, #""updated":5"#) == [Assignment("time_updated", .integer(5))])
            #expect(try changes(session, #""{broken""#, "[]") == [text("permission", "[]"), touched])
            #expect(try changes(session, #""projectID": "p""#, #""projectID": "q", "parentID": "r""#).isEmpty)
            #expect(try changes(session, #""path": "src","#, "") == [Assignment("path", nil), touched])
        }
        #expect(try changes(Self.v2, #""title": "T","#, "") == [Assignment("title", nil), touched])
    }

    @Test func `W4 a save of a session of Go changes what was edited`() throws {
        #expect(
            try changes(Self.go, #""title": "T""#, #""title": "U""#)
                == [text("title", "U"), Assignment("user_set_title", .integer(1))])
        #expect(try changes(Self.go, #""message_count": 4"#, #""message_count": 7"#).isEmpty)
        #expect(try changes(Self.go, #""updated_at": 18"#, #""updated_at": 19"#).isEmpty)
        #expect(try changes(Self.go, #""project_id": "p""#, #""project_id": "q""#).isEmpty)
        #expect(
            try changes(Self.go, #""created_at": 17"#, #""created_at": 16"#) == [Assignment("created_at", .integer(16))]
        )
    }

    @Test(
        arguments: [
            (v1, #""id": "ses_1""#, #""id": "ses_2""#, "id"), (v1, #""title": "T","#, "", "title"),
            (v1, #""title": "T""#, #""title": null"#, "title"), (v1, #""title": "T""#, #""title": 1"#, "title"),
            (v1, #""slug": "s""#, #""slug": "s", "colour": 1"#, "colour"),
            (v1, #""input":3"#, #""input":"3""#, "tokens.input"),
            (v1, #""path": "src""#, #""path": "src", "path": "x""#, "path"), (v1, #"{"id":"m","n":1.0}"#, "1", "model"),
            (v1, #""path": "src""#, #""path": "src", "metadata": {}"#, "metadata"),
            (v1, #""version": "1","#, "", "version"),
            (v2, #""directory":"/d""#, #""x":1"#, "location.x"), (v2, #"{"directory":"/d"}"#, "1", "location"),
            (go, #""id": "s""#, #""id": "t""#, "id"), (go, #""title": "T","#, "", "title"),
            (go, #""title": "T""#, #""title": {}"#, "title"),
            (go, #""title": "T""#, #""title": "T", "colour": 1"#, "colour"),
            (go, #""title": "T""#, #""title": null"#, "title"),
            (go, #""created_at": 17"#, #""created_at": "x""#, "created_at"),
        ] as [(SessionRecord, String, String, String)])
    func `W2 what a session's file must not say is named`(
        session: SessionRecord, old: String, new: String, member: String
    ) {
        let error = #expect(throws: EditError.self) { try changes(session, old, new) }
        #expect(error?.reason.hasPrefix(member + " ") == true, "\(error?.reason ?? "")")
    }

    private func home(
        _ project: String, worktree: String? = "/w", parent: String? = nil, archived: Bool = false
    ) -> SessionHome {
        SessionHome(
            project: .init(project), worktree: worktree.map { Array($0.utf8) }, parent: parent.map { .init($0) },
            isArchived: archived)
    }

    @Test(arguments: [v1, v2]) func `W5 a session that is copied keeps what its file says`(session: SessionRecord)
        throws
    {
        let new = try SessionEdit.newSession(
            .init("ses_1"), session.generation, in: home("p", archived: true),
            from: saved(session, #""{broken""#, "[]"), title: [1],
            now: 100
        ) { _ in false }
        var row: [String: Record.Field] = ["id": .text(Array("ses_1".utf8))]
        for assignment in new { row[assignment.column] = assignment.value }
        #expect(row.count == new.count + 1)
        #expect(row["slug"] != nil)
        let copy = SessionRecord(generation: session.generation, row: Record(row))
        #expect(SessionFile.render(copy) == saved(session, #""{broken""#, "[]"))
    }

    @Test func `W11 project, directory, parent and archive follow the place`() throws {
        func new(_ home: SessionHome, known: Bool) throws -> [String: Record.Field?] {
            let file = saved(Self.v1, #""permission": "{broken""#, #""parentID": "ses_0""#)
            let row = try SessionEdit.newSession(.init("ses_1"), .v1, in: home, from: file, title: nil, now: 100) { _ in
                known
            }
            return Dictionary(uniqueKeysWithValues: row.map { ($0.column, $0.value) })
        }
        let elsewhere = try new(home("q"), known: true)
        #expect(elsewhere["project_id"] == .text(Array("q".utf8)))
        #expect(elsewhere["directory"] == .text(Array("/w".utf8)))
        #expect(elsewhere["path"] == nil && elsewhere["parent_id"] == nil && elsewhere["time_archived"] == nil)
        #expect(elsewhere["time_updated"] == .integer(2))
        let there = try new(home("p", parent: "ses_9"), known: false)
        #expect(there["parent_id"] == .text(Array("ses_9".utf8)))
        #expect(there["path"] == .text(Array("src".utf8)))
        #expect(try new(home("p"), known: false)["parent_id"] == .text(Array("ses_0".utf8)))
    }

    @Test(arguments: [v1, v2, go])
    func `W5 a row that was made up becomes what it were if its file had come first`(session: SessionRecord) throws {
        let isGo = session.generation == .go
        let (id, parent) = (Session.ID(isGo ? "s" : "ses_1"), isGo ? "parent_session_id" : "parent_id")
        var fields = session.row.columns.reduce(into: [:]) { $0[$1] = session.row[$1] }
        fields["permission"] = nil
        fields[parent] = .text(Array("gone".utf8))
        fields["workspace_id"] = isGo ? nil : .text(Array("w".utf8))
        let columns = session.row.columns
        let file = SessionFile.render(
            SessionRecord(generation: session.generation, row: Record(fields, columns: columns)))
        for isKnown in [true, false] {
            for home in [
                home("p"), home("p", archived: true), home("p", parent: "r"), home("q"), home("q", worktree: nil),
            ] {
                func new(_ bytes: [UInt8]?) throws -> [String: Record.Field] {
                    let row = try SessionEdit.newSession(
                        id, session.generation, in: home, from: bytes, title: nil, now: 100_000
                    ) { _ in isKnown }
                    return row.reduce(into: ["id": .text(id.bytes)]) { $0[$1.column] = $1.value }
                }
                var row = try new(nil)
                let made = SessionRecord(generation: session.generation, row: Record(row, columns: columns))
                let changes = try SessionEdit.changes(ofMadeUp: made, savedAs: file, now: 200_000) { _ in isKnown }
                for change in changes { row[change.column] = change.value }
                var wanted = try new(file)
                // OpenCode 2 makes its own, and no file of it says that of another.
                if session.generation == .v2 { (row["slug"], wanted["slug"]) = (nil, nil) }
                #expect(row == wanted, "\(home)")
                #expect(row[isGo ? "updated_at" : "time_updated"] == .integer(isGo ? 18 : 2))
            }
        }
    }

    @Test func `W5 a session without a file gets what OpenCode wants`() throws {
        let row = try SessionEdit.newSession(
            .init("ses_1"), .v1, in: home("p", worktree: nil, archived: true), from: nil, title: nil,
            now: 1_700_000_000_000
        ) { _ in false }
        #expect(
            Set(row) == [
                text("project_id", "p"), text("directory", "/"),
                text("title", "New session - 2023-11-14T22:13:20.000Z"),
                text("slug", "New-session-2023-11-14T22-13-20-000Z"), text("version", "1.18.32"),
                Assignment("time_created", .integer(1_700_000_000_000)),
                Assignment("time_updated", .integer(1_700_000_000_000)),
                Assignment("time_archived", .integer(1_700_000_000_000)),
            ])
        let go = try SessionEdit.newSession(
            .init("s"), .go, in: home("p", parent: "r"), from: nil, title: Array("A".utf8), now: 17_000
        ) { _ in false }
        #expect(
            Set(go) == [
                text("project_id", "p"), text("parent_session_id", "r"), text("title", "A"),
                Assignment("message_count", .integer(0)), Assignment("created_at", .integer(17)),
                Assignment("updated_at", .integer(17)),
            ])
        let copied = try SessionEdit.newSession(
            .init("s"), .go, in: home("q"), from: saved(Self.go), title: Array("A".utf8), now: 17_000
        ) { _ in true }
        #expect(copied.contains(text("title", "T")) && copied.contains(text("project_id", "q")))
        #expect(
            copied.contains(Assignment("updated_at", .integer(18))) && copied.contains(text("root_session_id", "s")))
        #expect(copied.contains(Assignment("message_count", .integer(0))))
    }

    @Test func `W7 a session that is moved takes up its place`() throws {
        func move(_ session: SessionRecord, _ from: SessionHome, _ to: SessionHome, _ title: String? = nil) throws
            -> [Assignment]
        {
            try SessionEdit.changes(
                moving: session, from: from, to: to, title: title.map { Array($0.utf8) }, now: 100)
        }
        let touched = Assignment("time_updated", .integer(100))
        #expect(
            try move(Self.v1, home("p"), home("q"))
                == [text("project_id", "q"), text("directory", "/w"), Assignment("path", nil), touched])
        #expect(try move(Self.v1, home("p"), home("p", archived: true)) == [Assignment("time_archived", .integer(100))])
        #expect(try move(Self.v1, home("p", archived: true), home("p")) == [Assignment("time_archived", nil)])
        #expect(try move(Self.v1, home("p"), home("p"), "U") == [text("title", "U"), touched])
        #expect(try move(Self.v1, home("p"), home("p"), "T").isEmpty)
        #expect(try move(Self.v1, home("p"), home("p", parent: "x")) == [text("parent_id", "x")])
        #expect(try move(Self.go, home("p"), home("q")) == [text("project_id", "q")])
        #expect(
            try move(Self.go, home("p"), home("p"), "U") == [
                text("title", "U"), Assignment("user_set_title", .integer(1)),
            ])
        #expect(throws: EditError.self) { try move(Self.go, home("p"), home("p", archived: true)) }
        #expect(throws: EditError.self) { try move(Self.go, home("p"), home("p", parent: "x")) }
    }
}

@Suite struct RecordEditTests {
    private func text(_ column: String, _ text: String) -> Assignment { Assignment(column, .text(Array(text.utf8))) }

    @Test func `W4 a save of project json changes what was edited`() throws {
        let row = Record(
            [
                "worktree": .text(Array("/w".utf8)), "icon_color": .text(Array("red".utf8)),
                "sandboxes": .text(Array("[ ]".utf8)), "time_created": .integer(5), "time_updated": .integer(6),
            ],
            columns: ["id", "worktree", "name", "icon_color", "icon_url", "sandboxes", "time_created", "time_updated"])
        let file = String(decoding: ProjectFile.render(.init("p"), row), as: UTF8.self)
        func changes(_ old: String, _ new: String) throws -> [Assignment] {
            #expect(file.contains(old))
            return try ProjectEdit.changes(
                of: .init("p"), row, savedAs: Array(file.replacingOccurrences(of: old, with: new).utf8), now: 100)
        }
        let touched = Assignment("time_updated", .integer(100))
        #expect(try changes("p", "p").isEmpty)
        #expect(try changes("[ ]", "[]").isEmpty)
        #expect(
            try changes(#"{"color":"red"}"#, #"{"url":"u"}"#) == [
                text("icon_url", "u"), Assignment("icon_color", nil), touched,
            ])
        #expect(try changes("[ ]", #"["/x"]"#) == [text("sandboxes", #"["/x" ]"#), touched])
        for (old, new) in [
            (#""p""#, #""q""#), (#""worktree": "/w","#, ""), ("[ ]", "{}"),
            (#""worktree""#, #""vcs": "git", "worktree""#),
        ] { #expect(throws: EditError.self) { try changes(old, new) } }
    }

    @Test func `W11 a project without a row gets one`() throws {
        let id = Project.ID("p")
        let made: Set<Assignment> = [
            text("worktree", "/"), text("sandboxes", "[]"), Assignment("time_created", .integer(9)),
            Assignment("time_updated", .integer(9)),
        ]
        #expect(Set(try ProjectEdit.newProject(id, from: nil, now: 9)) == made)
        #expect(Set(try ProjectEdit.newProject(id, from: ProjectFile.render(id, nil), now: 9)) == made)
        #expect(try ProjectEdit.changes(of: id, nil, savedAs: Array(#"{ "id":"p"}"#.utf8), now: 9).isEmpty)
        let saved = Array(#"{"worktree":"/w","time":{"created":1}}"#.utf8)
        #expect(
            Set(try ProjectEdit.changes(of: id, nil, savedAs: saved, now: 9)) == [
                text("worktree", "/w"), text("sandboxes", "[]"), Assignment("time_created", .integer(1)),
                Assignment("time_updated", .integer(9)),
            ])
    }

    @Test func `W4 a save of todo json is the whole list or nothing`() throws {
        func todo(_ content: String, _ updated: Int64) -> Todo {
            Todo(
                content: Array(content.utf8), status: Array("done".utf8), priority: Array("low".utf8), updated: updated)
        }
        let todos = [todo("é", 5), todo("b", 6)]
        #expect(try TodoEdit.changes(of: todos, savedAs: TodoFile.render(todos)) == nil)
        let same =
            #"[{"priority":"low","status":"done","content":"\u00e9"},{"content":"b","status":"done","priority":"low"}]"#
        #expect(try TodoEdit.changes(of: todos, savedAs: Array(same.utf8)) == nil)
        let list = try #require(try TodoEdit.changes(of: todos, savedAs: TodoFile.render([todos[0], todo("c", 0)])))
        #expect(list.map(\.updated) == [5, 0])
        #expect(list.map { String(decoding: $0.content, as: UTF8.self) } == ["é", "c"])
        #expect(try TodoEdit.changes(of: todos, savedAs: Array("[]".utf8))?.isEmpty == true)
        for saved in ["", "{}", "[1]", #"[{"content":"a"}]"#, #"[{"content":"a","status":"","priority":"","id":"1"}]"#]
        {
            #expect(throws: EditError.self) { try TodoEdit.changes(of: todos, savedAs: Array(saved.utf8)) }
        }
    }
}
