import DemoHistory
import Foundation
import Glibc
import TestSupport
import Testing

/// `opencodefs slim`
@Suite(.serialized, .timeLimit(.minutes(25))) struct SlimTests {
    private static func sizes(_ mounted: borrowing MountedHistory) throws -> [Int] {
        try mounted.shell("find .opencodefs/sessions -path '*/attachments/*' -type f -printf '%s\\n' | sort -n").lines
            .compactMap {
                Int($0)
            }
    }

    @Test(arguments: TestFamily.allCases)
    func `large attachments become stubs, and come back byte for byte`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family)
        let before = try mounted.database.dump()
        let sizes = try Self.sizes(mounted)
        let limit = try #require(sizes.first)
        let large = sizes.filter { $0 > limit }.count
        try #require(large > 0)
        let rehearsal = try mounted.opencodefs("slim", "--all", "--larger", "\(limit)", "--dry-run", "--json")
        #expect(try JSONValue(rehearsal.output)["attachments"]?.number == Double(large))
        #expect(before.difference(to: try mounted.database.dump()) == [])
        // The mount goes on, and so does everything else in the history.
        let run = try mounted.opencodefs("slim", "--all", "--larger", "\(limit)", "--json")
        #expect(run.status == 0, "\(run.errors)")
        let saved = try #require(try JSONValue(run.output)["saved"]?.number)
        #expect(try JSONValue(run.output)["attachments"]?.number == Double(large))
        #expect(Int(saved) > sizes.filter { $0 > limit }.reduce(0, +))
        #expect(Sandbox.waits { (try? Self.sizes(mounted).filter { $0 > limit }) == [] })
        #expect(try Self.sizes(mounted).count == sizes.count)
        #expect(try mounted.shell("find . -name '*.json' -print0 | xargs -0 -n 50 jq -e . > /dev/null").status == 0)
        let kinds = try mounted.shell("find .opencodefs/sessions -path '*/attachments/*' -size -1k -exec file -b {} +")
        #expect(kinds.lines.allSatisfy { $0.hasPrefix("PNG image data, 1 x 1") || $0.hasPrefix("ASCII text") })
        let again = try mounted.opencodefs("slim", "--all", "--larger", "\(limit)")
        #expect(again.text.hasPrefix("Replaced 0 attachments"))
        let restored = try mounted.opencodefs("restore", "--last")
        #expect(restored.status == 0, "\(restored.errors)")
        let changes = before.difference(to: try mounted.database.dump())
        #expect(changes == [], "\(changes.map { $0.prefix(200) })")
    }

    @Test func `a message in flight and a session of a workspace stay as they are`() throws {
        let data = Data([UInt8](repeating: 7, count: 3000)).base64EncodedString()
        let file = #"{"type":"file","mime":"image/png","url":"data:image/png;base64,\#(data)"}"#
        let mounted = try MountedHistory(.v1) { rows in
            try rows.project("shop")
            try rows.session("ses_1")
            try rows.session("ses_2", workspace: "wrk_1")
            let now = Int64(Date().timeIntervalSince1970 * 1000)
            try rows.message(
                "msg_1", in: "ses_1", #"{"role":"assistant","time":{"created":1}}"#, created: now,
                parts: [("prt_1", "\(file)")])
            try rows.message("msg_2", in: "ses_2", parts: [("prt_2", "\(file)")])
            try rows.message("msg_3", in: "ses_1", parts: [("prt_3", "\(file)")])
        }
        let run = try mounted.opencodefs("slim", "--all", "--larger", "1K")
        #expect(run.status == 3, "\(run.text)\(run.errors)")
        #expect(run.text.hasPrefix("Replaced 1 attachment of 1 message"))
        #expect(run.errors.contains("msg_1 stays as it is") && run.errors.contains("msg_2 stays as it is"))
        #expect(try mounted.database.column("SELECT id FROM part WHERE length(data) > 3000") == ["prt_1", "prt_2"])
    }

    @Test func `slim says what it was not told`() throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(.v1, at: sandbox.path + "/opencode.db")
        for (words, status) in [
            ([], 2), (["--all", "ses_1"], 2), (["--all", "--larger", "x"], 2), (["--all", "--larger", "-1"], 2),
            (["ses_none"], 5),
        ] as [([String], Int32)] {
            let run = try sandbox.opencodefs(["slim", "--database", database.path] + words)
            #expect(run.status == status && run.errors.split(separator: "\n").count == 1, "\(words): \(run.errors)")
        }
    }
}
