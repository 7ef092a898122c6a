import DemoHistory
import Glibc
import TestSupport
import Testing

/// What rm took, seen through a mount.
@Suite struct TrashTreeTests {
    @Test(arguments: TestFamily.allCases)
    func `D3 the trash shows a session as it was`(family: TestFamily) throws {
        let mounted = try RemovingTests.mounted(family)
        let path = try mounted.session("ses_parent")
        #expect(try mounted.shell("cp -r '\(path)' \"$HOME/before\" && rm -r '\(path)'").status == 0)
        let batches = try File.names(in: mounted.path(".opencodefs/trash"))
        #expect(batches.count == 1)
        let relative = path.dropFirst(mounted.mountpoint.count)
        let kept = mounted.path(".opencodefs/trash/\(batches.first ?? "")\(relative)")
        // Lists of things to do come back with the session, and are not shown; the last message changed what the Go
        // OpenCode counts.
        let views = "-x transcript.md -x conversation.json -x metadata.json -x context.json -x attachments -x files"
        let others = views + (family.isGo ? " -x todo.json -x session.json" : " -x todo.json")
        let run = try mounted.shell("diff -r \(others) \"$HOME/before\" '\(kept)'")
        #expect(run.status == 0, "\(run.text)\(run.errors)")
        #expect(File.exists(kept + "/session.json"))
        #expect(
            try mounted.shell("find '\(kept)' -type f | xargs -d '\\n' wc -c >/dev/null && du -s '\(kept)'").status == 0
        )
        // Nothing can be changed.
        for line in ["echo x > session.json", "mkdir x", "touch y", "rmdir messages", "ln -s a b"] {
            #expect(try mounted.shell("cd '\(kept)' && \(line)").status != 0, "\(line)")
        }
        // And what is restored leaves it.
        #expect(try mounted.opencodefs("restore", "--last").status == 0)
        #expect(try File.names(in: mounted.path(".opencodefs/trash")) == [])
        // Another process has restored it: a mount of a server sees that when it asks next.
        #expect(Sandbox.waits { File.exists(path) })
        let difference = try mounted.shell("diff -r --no-dereference \"$HOME/before\" '\(path)'")
        #expect(difference.status == 0, "\(difference.text)")
    }

    @Test func `D3 rm in the trash drops for good`() throws {
        let mounted = try RemovingTests.mounted(.v2)
        #expect(try mounted.shell("rm -r '\(mounted.session("ses_parent"))'").status == 0)
        let run = try mounted.shell("cd .opencodefs/trash && rm -r *")
        #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
        #expect(try File.names(in: mounted.path(".opencodefs/trash")) == [])
        #expect(try mounted.opencodefs("trash").errors.contains("Nothing"))
    }

    @Test func `D3 without a trash the directory is empty`() throws {
        let mounted = try RemovingTests.mounted(.v1, ["-o", "trash=0"])
        #expect(try mounted.shell("rm -r '\(mounted.session("ses_parent"))'").status == 0)
        #expect(try File.names(in: mounted.path(".opencodefs/trash")) == [])
        #expect(try mounted.shell("ls .opencodefs/trash/1").status != 0)
    }

    @Test func `D3 a large message is read from the trash`() throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(.v1, at: sandbox.path + "/opencode.db")
        let rows = try Rows(database)
        try rows.project("shop")
        try rows.session("ses_1")
        try rows.message("msg_1", in: "ses_1")
        try database.run(
            """
            UPDATE message SET data = '{"role":"user","x":"' || printf('%.*c', 20000000, 'y') || '"}' WHERE id = 'msg_1'
            """)
        let mounted = try MountedHistory(sandbox, database, [])
        let path = try mounted.message("msg_1", of: "ses_1")
        #expect(try mounted.shell("cp '\(path)' \"$HOME/before\" && rm '\(path)'").status == 0)
        let compared = try mounted.shell("cmp \"$HOME/before\" .opencodefs/trash/*/*/*/messages/*")
        #expect(compared.status == 0, "\(compared.text)\(compared.errors)")
    }

    @Test(arguments: TestFamily.allCases)
    func `D3 mv out of the trash brings a session back, every row but events`(family: TestFamily) throws {
        let mounted = try RemovingTests.mounted(family)
        let path = try mounted.session("ses_parent")
        var before = try mounted.database.dump()
        if !family.isGo { before["event"] = [] }
        let relative = path.dropFirst(mounted.mountpoint.count)
        let run = try mounted.shell(
            """
            cp -r '\(path)' "$HOME/before" && rm -r '\(path)'
            mkdir -p "$(dirname '\(path)')" 2>/dev/null || true
            mv .opencodefs/trash/*'\(relative)' '\(path)' && diff -r --no-dereference "$HOME/before" '\(path)'
            """)
        #expect(run.status == 0, "\(run.text)\(run.errors)")
        #expect(try mounted.database.dump() == before)
        #expect(try File.names(in: mounted.path(".opencodefs/trash")) == [])
    }

    @Test(arguments: TestFamily.plain)
    func `D3 mv out of the trash takes a save back, the newest first`(family: TestFamily) throws {
        let foxes = try FoxHistory(family, messages: 2)
        let before = try foxes.mounted.database.dump()
        let (file, listing) = (try foxes.file(0), try foxes.listing())
        let run = try foxes.run(
            """
            set -e; cp "$F" "$T/0"; sed -i 's/fox/cat/' "$F"; cp "$F" "$T/1"; sed -i 's/cat/owl/' "$F"
            cd '\(foxes.mounted.mountpoint)/.opencodefs/trash'
            test "$(find . -name '*.json' | wc -l)" = 1
            cmp "$(find . -name '*.json')" "$T/1"; mv "$(find . -name '*.json')" '\(foxes.folder)'/"$F"
            cmp '\(foxes.folder)'/"$F" "$T/1"
            cmp "$(find . -name '*.json')" "$T/0"; mv "$(find . -name '*.json')" '\(foxes.folder)'/"$F"
            cmp '\(foxes.folder)'/"$F" "$T/0"
            test "$(find . -name '*.json' | wc -l)" = 0
            """, on: file)
        #expect(run.status == 0, "\(run.text)\(run.errors)")
        #expect(try foxes.listing() == listing)
        #expect(try before.difference(to: foxes.mounted.database.dump()) == [])
    }
}
