import DemoHistory
import Foundation
import Glibc
import TestSupport
import Testing

/// Extended attributes (rule R7).
@Suite(.serialized, .timeLimit(.minutes(25))) struct AttributeTests {
    /// What getfattr(1) tells of a file, without `user.opencode.`.
    private static func attributes(_ path: String) throws -> [String: String] {
        let run = try Run.program("getfattr", ["--absolute-names", "-d", path])
        #expect(run.status == 0 && run.errors == "", "\(run.errors)")
        return Dictionary(
            run.lines.filter { $0.hasPrefix("user.opencode.") }.map { line in
                let end = line.firstIndex(of: "=") ?? line.endIndex
                let value = line[end...].dropFirst(2).dropLast()
                return (String(line[..<end].dropFirst("user.opencode.".count)), String(value))
            }, uniquingKeysWith: { $1 })
    }

    @Test func `R7 a session and its messages tell what they are, V1`() throws {
        let mounted = try MountedHistory(.v1, ["-o", "names=id"]) { rows in
            try rows.project("shop")
            try rows.session("ses_1", title: "Fix \"it\"")
            try rows.connection.run(
                """
                UPDATE session SET agent = 'plan', model = '{"id":"m/1","providerID":"p"}', cost = 0.25,
                    tokens_input = 7, tokens_cache_read = 9
                """)
            try rows.message("msg_1", in: "ses_1", #"{"role":"user","model":{"providerID":"p","modelID":"m2"}}"#)
            try rows.message(
                "msg_2", in: "ses_1",
                """
                {"role":"assistant","modelID":"m3","agent":"build","cost":1.50,"tokens":{"input":1,"output":2,\
                "reasoning":3,"cache":{"read":4,"write":5}}}
                """)
        }
        let session = [
            "id": "ses_1", "title": "Fix \\\"it\\\"", "agent": "plan", "model": "m/1", "cost": "0.25",
            "tokens.input": "7", "tokens.output": "0", "tokens.reasoning": "0", "tokens.cache.read": "9",
            "tokens.cache.write": "0",
        ]
        let folder = try mounted.session("ses_1")
        #expect(try Self.attributes(folder) == session)
        #expect(try Self.attributes(folder + "/session.json") == session)
        #expect(
            try Self.attributes(folder + "/messages/msg_1.json") == ["id": "msg_1", "role": "user", "model": "m2"])
        #expect(
            try Self.attributes(folder + "/messages/msg_2.json") == [
                "id": "msg_2", "role": "assistant", "model": "m3", "agent": "build", "cost": "1.50",
                "tokens.input": "1", "tokens.output": "2", "tokens.reasoning": "3", "tokens.cache.read": "4",
                "tokens.cache.write": "5",
            ])
    }

    @Test func `R7 V2 and Go tell what their rows know`() throws {
        let second = try MountedHistory(.v2, ["-o", "names=id"]) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            try rows.message(
                "msg_1", in: "ses_1", #"{"agent":"build","model":{"id":"m","providerID":"p"},"cost":0.5,"content":[]}"#,
                type: "assistant")
        }
        #expect(
            try Self.attributes(second.session("ses_1") + "/messages/msg_1.json") == [
                "id": "msg_1", "role": "assistant", "agent": "build", "model": "m", "cost": "0.5",
            ])
        let go = try MountedHistory(.go, ["-o", "names=id"]) { rows in
            try rows.session("ses_1")
            try rows.message("msg_1", in: "ses_1", "[]", type: "assistant", sequence: 1)
            try rows.connection.run("UPDATE messages SET model = 'gpt'")
            try rows.connection.run("UPDATE sessions SET cost = 2, prompt_tokens = 5, completion_tokens = 6")
        }
        let folder = try go.session("ses_1")
        #expect(
            try Self.attributes(folder) == [
                "id": "ses_1", "title": "A session", "model": "gpt", "cost": "2", "tokens.input": "5",
                "tokens.output": "6",
            ])
        #expect(
            try Self.attributes(folder + "/messages/msg_1.json") == [
                "id": "msg_1", "role": "assistant", "model": "gpt",
            ])
    }

    @Test(arguments: TestFamily.allCases)
    func `R7 unknown attributes are no data, whatever is asked of whichever file`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family)
        let run = try mounted.shell(
            """
            for name in user.opencode.nothing user.opencode. user.other security.capability trusted.x; do
                find . .opencodefs/by -exec getfattr -h -n $name {} + 2>&1 | grep -v 'No such attribute' | \
                grep -v 'Operation not supported'
            done
            find . .opencodefs -exec getfattr -d -m - {} + > /dev/null
            """)
        #expect(run.text == "" && run.errors == "", "\(run.text.prefix(300))\(run.errors)")
        #expect(try File.text(mounted.path(".opencodefs/errors.jsonl")) == "")
    }

    @Test func `R6 text that is no JSON has the attributes that need none`() throws {
        let mounted = try MountedHistory(.v1, ["-o", "names=id"]) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            try rows.message("msg_1", in: "ses_1", "no JSON")
        }
        let path = try mounted.session("ses_1") + "/messages/msg_1.json"
        let attributes = try Self.attributes(path)
        #expect(attributes["id"] == "msg_1" && attributes["malformed"] != nil && attributes.count == 2)
    }
}
