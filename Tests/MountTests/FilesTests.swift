import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

/// `files/` of a session of the Go OpenCode.
@Suite(.serialized, .timeLimit(.minutes(25))) struct FilesTests {
    private static func mount() throws -> MountedHistory {
        try MountedHistory(.go, ["-o", "names=id"]) { rows in
            try rows.session("ses_1")
            try rows.session("ses_2")
            for (number, file) in [
                ("/home/u/a.txt", "initial", "one"), ("/home/u/a.txt", "v1", "two é"),
                ("/home/u/a.txt", "v10", "eleven"),
                ("/home/u/a.txt", "v2", ""), ("/home/u/b@v1", "initial", "b"), ("/home/u", "initial", "no directory"),
                ("rel/x", "initial", "x"), ("/../etc/pass~wd", "initial", "p"),
            ].enumerated() {
                try rows.connection.run(
                    """
                    INSERT INTO files (id, session_id, path, version, content, created_at, updated_at)
                    VALUES (\("file_\(number)"), 'ses_1', \(file.0), \(file.1), \(file.2), 1794996930, 1794996930)
                    """)
            }
        }
    }

    @Test func `R12 the newest version has the name of its file, the older ones theirs`() throws {
        let mounted = try Self.mount()
        let folder = try mounted.session("ses_1")
        let expected = [
            "home/u/a.txt": "eleven", "home/u/a.txt@initial": "one", "home/u/a.txt@v1": "two é", "home/u/a.txt@v2": "",
            "home/u/b%40v1": "b", "home/u@initial": "no directory", "%2E/rel/x": "x", "%2E./etc/pass%7Ewd": "p",
        ]
        let found = try Run.program("find", [folder + "/files/", "-type", "f", "-printf", "%P\\n"]).lines
        #expect(found.sorted() == expected.keys.sorted())
        for (path, text) in expected {
            let (bytes, size) = try File.read(folder + "/files/" + path)
            #expect(bytes == Array(text.utf8) && size == bytes.count, "\(path)")
            #expect(try File.status(folder + "/files/" + path).milliseconds == 1_794_996_930_000)
        }
        #expect(try File.names(in: mounted.session("ses_2") + "/files") == [])
        #expect(try File.text(mounted.path(".opencodefs/errors.jsonl")) == "")
    }

    @Test func `R12 a version that OpenCode adds takes the name of the file`() throws {
        let mounted = try Self.mount()
        let file = try mounted.session("ses_1") + "/files/home/u/a.txt"
        #expect(try File.text(file) == "eleven")
        try mounted.database.run(
            """
            INSERT INTO files (id, session_id, path, version, content, created_at, updated_at)
            VALUES ('file_new', 'ses_1', '/home/u/a.txt', 'v11', 'twelve', 1794996940, 1794996940)
            """)
        #expect(Sandbox.waits { (try? File.text(file)) == "twelve" })
        #expect(try File.text(file + "@v10") == "eleven")
    }

    @Test func `R4 a version that changes while it is read is read no further, and the mount lives`() throws {
        let mounted = try Self.mount()
        let folder = try mounted.session("ses_1") + "/files/home/u"
        let changes: [SQLQuery] = [
            "UPDATE files SET content = substr(content, 1, 100) WHERE id = 'file_2'",
            "UPDATE files SET content = content || 'x' WHERE id = 'file_2'", "DELETE FROM files WHERE id = 'file_2'",
        ]
        for (number, change) in changes.enumerated() {
            try mounted.database.run(
                "UPDATE files SET content = printf('%.*c', 20000000, 'y') WHERE id = 'file_2'")
            // Not read yet: the kernel has no page of it.
            #expect(Sandbox.waits { (try? File.status(folder + "/a.txt").st_size) == 20_000_000 })
            let descriptor = open(folder + "/a.txt", O_RDONLY)
            defer { close(descriptor) }
            var byte: UInt8 = 0
            #expect(pread(descriptor, &byte, 1, 0) == 1)
            try mounted.database.run(change)
            #expect(pread(descriptor, &byte, 1, 19_999_999) == -1 && errno == ESTALE, "\(number)")
            #expect(try File.names(in: folder).contains("b%40v1"), "the mount is gone")
        }
    }

    @Test func `D2 a session with files is removed with them, and comes back`() throws {
        let mounted = try Self.mount()
        let before = try mounted.database.dump()
        let folder = try mounted.session("ses_1")
        for line in [
            "echo x > '\(folder)/files/home/u/a.txt'", "echo > '\(folder)/files/new'", "mkdir '\(folder)/files/d'",
            "rm '\(folder)/files/home/u/a.txt'",
        ] {
            #expect(try mounted.shell(line).status != 0, "\(line)")
        }
        #expect(before.difference(to: try mounted.database.dump()) == [])
        let run = try Run.program("rm", ["-r", folder])
        #expect(run.status == 0 && run.errors == "", "\(run.errors)")
        #expect(try mounted.database.column("SELECT count(*) FROM files") == ["0"])
        #expect(try mounted.opencodefs("restore", "--last").status == 0)
        #expect(before.difference(to: try mounted.database.dump()) == [])
    }
}
