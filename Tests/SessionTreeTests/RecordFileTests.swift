import SessionModel
import SessionTree
import TestSupport
import Testing

/// session.json, project.json and todo.json.
@Suite struct RecordFileTests {
    private static let columns = [
        "id", "slug", "project_id", "workspace_id", "directory", "path", "parent_id", "share_url", "title", "agent",
        "model", "version", "permission", "revert", "cost", "metadata", "summary_additions", "summary_deletions",
        "summary_files", "summary_diffs", "tokens_input", "tokens_output", "tokens_reasoning", "tokens_cache_read",
        "tokens_cache_write", "time_created", "time_updated", "time_compacting", "time_archived", "worktree", "vcs",
        "name", "icon_url", "icon_url_override", "icon_color", "commands", "time_initialized", "sandboxes", "unknown",
    ]

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `R10 session.json of V1 is the info of its export`() {
        let row = Record([
            "id": .text(Array("ses_1".utf8)), "project_id": .text(Array("p".utf8)),
            "title": .text(Array("A \"b\"".utf8)),
            "model": .text(Array(#"{"id":"m","n":1.0}"#.utf8)), "permission": .text(Array("{broken".utf8)),
            "cost": .real(0.25), "tokens_input": .integer(3), "summary_files": .integer(2), "time_created": .integer(1),
            "time_updated": .integer(2), "time_archived": .integer(3), "share_url": .text(Array("https://x".utf8)),
        ])
        #expect(
            text(SessionFile.render(SessionRecord(generation: .v1, row: row))) == """
                {
                  "id": "ses_1",
                  "projectID": "p",
                  "summary": {"files":2},
                  "share": {"url":"https://x"},
                  "title": "A \\"b\\"",
                  "model": {"id":"m","n":1.0},
                  "time": {"created":1,"updated":2,"archived":3},
                  "permission": "{broken",
                  "cost": 0.25,
                  "tokens": {"input":3,"cache":{}}
                }

                """)
    }

    @Test func `R10 session.json of V2 has a location`() {
        let row = Record([
            "id": .text(Array("ses_1".utf8)), "directory": .text(Array("/d".utf8)),
            "workspace_id": .text(Array("w".utf8)),
            "time_created": .integer(1), "slug": .text(Array("x".utf8)), "time_compacting": .integer(9),
        ])
        #expect(
            text(SessionFile.render(SessionRecord(generation: .v2, row: row)))
                == """
                {
                  "id": "ses_1",
                  "location": {"directory":"/d","workspaceID":"w"},
                  "time": {"created":1}
                }

                """)
    }

    @Test func `R10 project.json has the shape of the old storage`() {
        let row = Record([
            "worktree": .text(Array("/w".utf8)), "vcs": .text(Array("git".utf8)),
            "icon_color": .text(Array("red".utf8)),
            "sandboxes": .text(Array("[]".utf8)), "time_created": .integer(5),
            "time_updated": .text(Array("soon".utf8)),
        ])
        #expect(
            text(ProjectFile.render(.init("p\n"), row)) == """
                {
                  "id": "p\\n",
                  "worktree": "/w",
                  "vcs": "git",
                  "icon": {"color":"red"},
                  "time": {"created":5,"updated":"soon"},
                  "sandboxes": []
                }

                """)
        #expect(text(ProjectFile.render(.init("p"), nil)) == "{\n  \"id\": \"p\"\n}\n")
    }

    @Test func `R10 todo.json is a list by position`() {
        func todo(_ content: String) -> Todo {
            Todo(content: Array(content.utf8), status: Array("done".utf8), priority: Array("low".utf8), updated: 0)
        }
        #expect(
            text(TodoFile.render([todo("b\n"), todo("a")])) == """
                [
                  {"content":"b\\n","status":"done","priority":"low"},
                  {"content":"a","status":"done","priority":"low"}
                ]

                """)
        #expect(JSONText.fault(in: TodoFile.render([])) == nil)
    }

    @Test(arguments: 0..<20 as Range<UInt64>) func `R10 whatever the columns hold, the file is JSON`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let texts =
            [
                "", "{", "{}", "[1,2", "null", "nul", "1 tr", "\"", "\"x\"", "{\"a\":1}{", "\u{0}", "\\", "\n", "[]",
                "-",
            ].map { Array($0.utf8) } + [[0xff, 0x22], Array(repeating: UInt8(ascii: "["), count: 3000)]
        for _ in 0..<30 {
            var fields: [String: Record.Field] = [:]
            for column in Self.columns {
                switch Int.random(in: 0..<6, using: &random) {
                case 0: fields[column] = .integer(.random(in: .min ... .max, using: &random))
                case 1: fields[column] = .real([.infinity, .nan, -0.0, 1e300, 0.1].randomElement(using: &random)!)
                case 2, 3, 4: fields[column] = .text(texts.randomElement(using: &random)!)
                default: break
                }
            }
            let row = Record(fields)
            let todo = Todo(
                content: texts.randomElement(using: &random)!, status: texts.randomElement(using: &random)!,
                priority: texts.randomElement(using: &random)!, updated: 0)
            let files = [
                SessionFile.render(SessionRecord(generation: .v1, row: row)),
                SessionFile.render(SessionRecord(generation: .v2, row: row)),
                ProjectFile.render(.init(bytes: texts.randomElement(using: &random)!), row),
                TodoFile.render([todo, todo]),
            ]
            for file in files { #expect(JSONText.fault(in: file) == nil, "\(text(file))") }
        }
    }
}
