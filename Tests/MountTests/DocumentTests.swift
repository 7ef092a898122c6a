import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

/// preferences.json and cache.json of sessions.
@Suite(.serialized, .timeLimit(.minutes(25))) struct DocumentTests {
    private static let text = "{\"note\":\"the quick brown fox\"}\n"

    private static func documents(_ sandbox: borrowing Sandbox) -> String {
        sandbox.path + "/state/opencodefs/documents.db"
    }

    /// Mounts what is mounted at another directory too.
    private func mountAgain(_ mounted: borrowing MountedHistory) throws -> String {
        let second = try mounted.sandbox.directory.directory("second")
        let poll = mounted.database.server == nil ? [] : ["-o", "poll=0.1"]
        let run = try mounted.sandbox.opencodefs(["mount", "--database", mounted.database.path] + poll + [second])
        try #require(run.status == 0, "\(run.errors)")
        return second
    }

    @Test(arguments: TestFamily.allCases)
    func `W12 a document is there once somebody wrote it, and for good`(family: TestFamily) throws {
        let mounted = try RemovingTests.mounted(family)
        let folder = try mounted.session("ses_child")
        let (names, rows) = (try File.names(in: folder), try mounted.database.dump())
        let looked = try mounted.shell("cd '\(folder)'; ls preferences.json cache.json; cat preferences.json; find .")
        #expect(looked.status == 0 && looked.errors.contains("No such file"))
        #expect(!names.contains("preferences.json") && !names.contains("cache.json"))
        #expect(!File.exists(Self.documents(mounted.sandbox)))
        let run = try mounted.shell(
            "cd '\(folder)'; printf '%s' '\(Self.text)' > preferences.json; echo '[1.50, \"\u{e9}\"]' > cache.json")
        #expect(run.status == 0 && run.errors == "", "\(run.errors)")
        #expect(try File.status(Self.documents(mounted.sandbox)).permissions == 0o600)
        #expect(try File.names(in: folder) == (names + ["cache.json", "preferences.json"]).sorted())
        let before = try File.status(folder + "/preferences.json")
        #expect(Int(before.st_size) == Self.text.utf8.count)
        #expect(try mounted.database.dump() == rows)
        // Nobody closed anything.
        kill(try mounted.daemon, SIGKILL)
        #expect(Sandbox.waits { Sandbox.daemons(below: mounted.sandbox.path).isEmpty })
        _ = try Run.program("fusermount3", ["-uz", mounted.mountpoint])
        try mounted.mount()
        #expect(try File.text(folder + "/preferences.json") == Self.text)
        #expect(try File.text(folder + "/cache.json") == "[1.50, \"\u{e9}\"]\n")
        let after = try File.status(folder + "/preferences.json")
        #expect(after.st_ino == before.st_ino && after.nanoseconds == before.nanoseconds)
        let other = try mounted.session("ses_other")
        #expect(!File.exists(other + "/preferences.json"))
        #expect(try File.text(mounted.path(".opencodefs/errors.jsonl")) == "")
    }

    @Test func `W12 documents are edited with every program that edits messages`() throws {
        let foxes = try FoxHistory(.v1, messages: 1)
        // As jq(1) spaces it.
        let before = "{\n  \"note\": \"the quick brown fox\"\n}\n"
        for editor in EditorTests.editors {
            let start = try foxes.run("cd ..; printf '%s' '\(before)' > \"$F\"; cat \"$F\"", on: "preferences.json")
            #expect(start.text == before, "\(editor.name): \(start.errors)")
            let run = try foxes.run("cd ..; " + editor.line, on: "preferences.json")
            #expect(run.status == 0, "\(editor.name): \(run.status) \(run.errors)")
            let text = before.replacing("brown", with: editor.color)
            #expect(try File.text(foxes.folder + "/../preferences.json") == text, "\(editor.name)")
            let clean = try foxes.run("cd ..; rm -f preferences.json* preferences.json~ t x .pre* .[a-z]*", on: "")
            #expect(clean.status == 0, "\(editor.name): \(clean.errors)")
            #expect(try File.names(in: foxes.folder + "/..").contains("preferences.json") == false, "\(editor.name)")
        }
        usleep(200_000)
        #expect(try foxes.complaints().filter { !$0.contains("link\"") } == [])
    }

    @Test(arguments: TestFamily.plain)
    func `W12 documents are edited like any file`(family: TestFamily) throws {
        let foxes = try FoxHistory(family, messages: 1)
        let start = try foxes.run("cd ..; echo '{\"a\":\"Title 0\"}' > $F", on: "cache.json")
        #expect(start.status == 0)
        let names = try File.names(in: foxes.folder + "/..")
        let rows = try foxes.mounted.database.dump()
        for (number, way) in EditorTests.ways.enumerated() {
            let run = try foxes.run(
                "cd ..; \(way)", on: "cache.json", ["E": "s/Title \(number)/Title \(number + 1)/"])
            #expect(run.status == 0 && run.errors == "", "\(way): \(run.errors)")
            #expect(try File.text(foxes.folder + "/../cache.json") == "{\"a\":\"Title \(number + 1)\"}\n", "\(way)")
            #expect(try File.names(in: foxes.folder + "/..") == names, "\(way)")
        }
        #expect(try rows.difference(to: foxes.mounted.database.dump()) == [])
        #expect(try foxes.complaints() == [])
    }

    @Test func `W2 a document that is no JSON, or too large, is refused and kept`() throws {
        let foxes = try FoxHistory(.v2, messages: 1)
        let file = foxes.folder + "/../preferences.json"
        _ = try foxes.run("printf '%s' '\(Self.text)' > ../preferences.json", on: "")
        for (line, errors) in [
            ("printf '{' > $T/t; cp $T/t \"$F\"", "Invalid argument"),
            ("printf '{} {}' > t; mv t \"$F\" || { rm t; false; }", "mv: "),
            (
                "(printf '\"'; head -c 8388607 /dev/zero | tr '\\0' a; printf '\"') > $T/t; cp $T/t \"$F\"",
                "File too large"
            ),
        ] {
            let run = try foxes.run("cd ..; " + line, on: "preferences.json")
            #expect(run.status == 1 && run.errors.contains(errors), "\(line): \(run.errors)")
            #expect(try File.text(file) == Self.text, "\(line)")
            #expect(try foxes.kept("rejected").count == 1, "\(line)")
            try foxes.forget("rejected")
        }
        let largest = try foxes.run(
            """
            cd ..; (printf '"'; head -c 8388606 /dev/zero | tr '\\0' a; printf '"') > $T/t; cp $T/t "$F"; cmp $T/t "$F"
            """, on: "preferences.json")
        #expect(largest.status == 0, "\(largest.errors)")
        // One that never was is not there afterwards.
        let empty = try foxes.run("cd ..; touch cache.json; ls cache.json", on: "")
        #expect(empty.status != 0)
    }

    @Test(arguments: TestFamily.plain)
    func `W3 a document that another mount has changed is not overwritten`(family: TestFamily) throws {
        let foxes = try FoxHistory(family, messages: 1)
        let second = try mountAgain(foxes.mounted)
        let folder = foxes.folder.dropLast("/messages".count)
        let there = second + folder.dropFirst(foxes.mounted.mountpoint.count)
        let run = try foxes.run(
            """
            cd ..; echo '[1]' > $F; sleep 0.2; cat "$U/$F"; echo '[2]' > "$U/$F"; sleep 0.2; cat $F
            cp $F $T/t; cat "$U/$F" > /dev/null; echo '[3]' > "$U/$F"; echo '[4]' > $T/t; cp $T/t $F; echo $?; cat $F
            echo '[3]' > $T/t; cp $T/t $F; echo $?
            rm "$U/$F"; sleep 0.2; ls $F; echo '[5]' > "$U/$F"; sleep 0.2; cat $F
            """, on: "preferences.json", ["U": String(there)])
        #expect(run.lines == ["[1]", "[2]", "1", "[3]", "0", "[5]"], "\(run.text)\(run.errors)")
        #expect(run.errors.contains("Stale file handle"))
        #expect(try foxes.kept("conflicts").map(\.text) == ["[4]\n"])
        #expect(try foxes.mounted.sandbox.opencodefs(["umount", second]).status == 0)
    }

    @Test(arguments: TestFamily.allCases)
    func `D3 documents go with their session and come back with it`(family: TestFamily) throws {
        let mounted = try RemovingTests.mounted(family)
        let folder = try mounted.session("ses_parent")
        let relative = folder.dropFirst(mounted.mountpoint.count)
        let written = try mounted.shell(
            """
            cd '\(folder)'; printf '%s' '\(Self.text)' > preferences.json; echo '[]' > cache.json
            cd children/*ses_child; echo '{}' > cache.json
            """)
        #expect(written.status == 0, "\(written.errors)")
        usleep(300_000)
        let times = try ["preferences.json", "cache.json"].map { try File.status(folder + "/" + $0).nanoseconds }
        for way in ["restore", "mv"] {
            let removed = try mounted.shell("rm -r '\(folder)'")
            #expect(removed.status == 0 && removed.errors == "", "\(way): \(removed.errors)")
            #expect(!File.exists(folder + "/preferences.json"))
            if way == "restore" {
                #expect(try mounted.opencodefs("restore", "--last").status == 0)
            } else {
                let run = try mounted.shell(
                    """
                    mkdir -p "$(dirname '\(folder)')" 2>/dev/null || true; mv .opencodefs/trash/*'\(relative)' '\(folder)'
                    """)
                #expect(run.status == 0, "\(run.errors)")
            }
            #expect(Sandbox.waits { File.exists(folder) }, "\(way)")
            #expect(try File.text(folder + "/preferences.json") == Self.text, "\(way)")
            #expect(
                try ["preferences.json", "cache.json"].map { try File.status(folder + "/" + $0).nanoseconds } == times)
            let child = try mounted.session("ses_child")
            #expect(try File.text(child + "/cache.json") == "{}\n", "\(way)")
        }
        // rm of one alone is for good at once, and rmdir does not take what stands there.
        let alone = try mounted.shell("cd '\(folder)'; rm cache.json; ls cache.json")
        #expect(alone.status != 0)
        let child = try mounted.session("ses_child")
        let emptied = try mounted.shell(
            "cd '\(child)'; rm -r $(ls | grep -v cache.json); rmdir '\(child)' || rm cache.json && rmdir '\(child)'")
        #expect(emptied.status == 0 && emptied.errors.contains("not empty"), "\(emptied.errors)")
        #expect(try mounted.opencodefs("restore", "ses_child").status == 0)
        #expect(Sandbox.waits { File.exists(child + "/cache.json") })
    }

    @Test func `D3 documents come back although the mount was killed while rm took them`() throws {
        let mounted = try RemovingTests.mounted(.v1)
        let folder = try mounted.session("ses_child")
        _ = try mounted.shell("cd '\(folder)'; echo '{}' > preferences.json; rm preferences.json")
        kill(try mounted.daemon, SIGKILL)
        #expect(Sandbox.waits { Sandbox.daemons(below: mounted.sandbox.path).isEmpty })
        _ = try Run.program("fusermount3", ["-uz", mounted.mountpoint])
        try mounted.mount()
        #expect(!File.exists(folder + "/preferences.json"))
        #expect(try mounted.shell("rm -r '\(folder)'").status == 0)
        #expect(try mounted.opencodefs("restore", "--last").status == 0)
        #expect(try File.text(folder + "/preferences.json") == "{}\n")
    }

    @Test func `D3 without a trash documents go for good`() throws {
        let mounted = try RemovingTests.mounted(.v2, ["-o", "trash=0"])
        let folder = try mounted.session("ses_child")
        #expect(try mounted.shell("cd '\(folder)'; echo '{}' > preferences.json; rm -r '\(folder)'").status == 0)
        let count = try Run.program("sqlite3", [Self.documents(mounted.sandbox), "SELECT count(*) FROM document"])
        #expect(count.text == "0\n", "\(count.errors)")
    }

    @Test(arguments: TestFamily.plain)
    func `W12 a copy brings documents, times and all`(family: TestFamily) throws {
        let source = try CopyingTests.source(family, [])
        let folder = try source.session("ses_1parent")
        let written = try source.shell(
            """
            cd '\(folder)'; printf '%s' '\(Self.text)' > preferences.json; echo '[]' > cache.json
            touch -d 2020-02-03T04:05:06.789Z preferences.json
            """)
        #expect(written.status == 0, "\(written.errors)")
        // touch(1) has closed it, and the kernel tells of that when it likes.
        usleep(300_000)
        let time = try File.status(folder + "/preferences.json").nanoseconds
        #expect(time / 1_000_000 == 1_580_702_706_789)
        let project = String(folder.dropFirst(source.mountpoint.count + 1).prefix { $0 != "/" })
        for copy in CopyingTests.copies {
            let sandbox = try Sandbox()
            let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
            let destination = try MountedHistory(sandbox, database, [])
            let outside = try destination.sandbox.directory.directory("outside")
            let environment = destination.sandbox.environment.merging(
                ["S": source.mountpoint, "T": outside, "P": project]) { $1 }
            for _ in 1...2 {
                let run = try Run.program(
                    "timeout", ["-k", "1", "30", "/bin/bash", "-o", "pipefail", "-c", copy.1],
                    in: destination.mountpoint, environment: environment)
                #expect(run.status == 0 && run.errors == "", "\(copy.0): \(run.errors)")
                let path = try destination.session("ses_1parent")
                #expect(try File.text(path + "/preferences.json") == Self.text, "\(copy.0)")
                #expect(try File.text(path + "/cache.json") == "[]\n", "\(copy.0)")
                // An archive of tar(1) has whole seconds.
                if ["cp -a", "rsync -a"].contains(copy.0) {
                    let copied = try File.status(path + "/preferences.json").nanoseconds
                    #expect(copied == time, "\(copy.0)")
                }
            }
            if copy.0 == "rsync -a" {
                let again = try Run.program(
                    "bash", ["-c", "rsync -ai \"$S/$P\" . | grep -E 'preferences|cache'"],
                    in: destination.mountpoint, environment: environment)
                #expect(again.lines.filter { !$0.hasPrefix(".") } == [], "\(again.text)")
            }
            #expect(try File.text(destination.path(".opencodefs/errors.jsonl")) == "", "\(copy.0)")
            try destination.unmount()
            try destination.mount()
            #expect(try File.text(destination.session("ses_1parent") + "/preferences.json") == Self.text, "\(copy.0)")
        }
    }

    @Test(arguments: TestFamily.plain)
    func `W12 documents may come before their session and after it`(family: TestFamily) throws {
        let source = try CopyingTests.source(family, [])
        let folder = try source.session("ses_1parent")
        for line in [
            "echo '{}' > preferences.json; cp \"$S/session.json\" .; echo '[]' > cache.json",
            "cp \"$S/session.json\" .; echo '{}' > preferences.json; echo '[]' > cache.json",
            "echo '{}' > preferences.json; echo '[]' > cache.json; mkdir messages; cp \"$S\"/messages/* messages",
        ] {
            let sandbox = try Sandbox()
            let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
            let destination = try MountedHistory(sandbox, database, [])
            let run = try Run.program(
                "bash",
                [
                    "-ec",
                    """
                    mkdir "$P"; cd "$P"; mkdir ses_1parent; cd ses_1parent; ls; set -C; \(line)
                    cat preferences.json cache.json
                    """,
                ], in: destination.mountpoint,
                environment: destination.sandbox.environment.merging(
                    ["S": folder, "P": try #require(folder.split(separator: "/").dropLast().last.map { String($0) })]
                ) { $1 })
            #expect(run.status == 0 && run.lines == ["{}", "[]"], "\(line): \(run.text)\(run.errors)")
            try destination.unmount()
            try destination.mount()
            #expect(try File.text(destination.session("ses_1parent") + "/preferences.json") == "{}\n", "\(line)")
        }
        // What is made and taken away before there is a session leaves nothing.
        let shop = try source.path(File.projects(in: source.mountpoint)[0])
        let run = try source.shell(
            """
            cd '\(shop)'; mkdir ses_new; echo '{}' > ses_new/cache.json; ! rmdir ses_new 2>/dev/null
            rm -r ses_new && mkdir ses_new && ls ses_new && rmdir ses_new
            """)
        #expect(run.status == 0 && run.text == "", "\(run.text)\(run.errors)")
    }

    @Test func `W12 a document keeps its name and its session`() throws {
        let mounted = try RemovingTests.mounted(.v1)
        let (folder, other) = (try mounted.session("ses_child"), try mounted.session("ses_parent"))
        let run = try mounted.shell(
            """
            cd '\(folder)'; echo '{}' > preferences.json; mv preferences.json p; ls p; ! ls preferences.json 2>/dev/null
            mv p preferences.json; cat preferences.json; chmod 600 preferences.json; touch preferences.json
            mv preferences.json cache.json; mv preferences.json '\(other)/preferences.json'; mv preferences.json '\(other)/x'
            cat preferences.json; mv preferences.json p; rm p; ls preferences.json
            """)
        #expect(run.lines == ["p", "{}", "{}"], "\(run.text)")
        #expect(run.errors.split(separator: "\n").filter { $0.contains("Operation not permitted") }.count == 3)
        #expect(run.errors.contains("No such file"))
    }

    @Test func `W12 documents of two databases do not mix`() throws {
        let one = try RemovingTests.mounted(.v1)
        let database = try TestDatabase(.v1, at: one.sandbox.path + "/second.db")
        try RemovingTests.fill(try Rows(database), database)
        let second = try one.sandbox.directory.directory("second")
        try #require(one.sandbox.opencodefs(["mount", "--database", database.path, second]).status == 0)
        let folder = try one.session("ses_child")
        let there = second + folder.dropFirst(one.mountpoint.count)
        let run = try one.shell(
            "echo 1 > '\(folder)/cache.json'; ls '\(there)'; echo 2 > '\(there)/cache.json'; cat '\(folder)/cache.json'"
        )
        #expect(run.lines.last == "1" && !run.lines.contains("cache.json"), "\(run.text)\(run.errors)")
        #expect(try File.text(there + "/cache.json") == "2\n")
        #expect(try one.sandbox.opencodefs(["umount", second]).status == 0)
    }

    @Test func `W12 documents are read and not written where nothing may be, and not shown in other layouts`() throws {
        let mounted = try RemovingTests.mounted(.v2)
        let folder = try mounted.session("ses_child")
        _ = try mounted.shell("echo '{}' > '\(folder)/preferences.json'")
        try mounted.unmount()
        try mounted.mount(["-o", "ro"])
        #expect(try File.text(folder + "/preferences.json") == "{}\n")
        for line in ["rm preferences.json", "echo > preferences.json", "echo > cache.json", "touch preferences.json"] {
            let run = try mounted.shell("cd '\(folder)'; \(line)")
            #expect(run.status != 0 && run.errors.contains("Read-only"), "\(line): \(run.errors)")
        }
        try mounted.unmount()
        try mounted.mount(["-o", "layout=storage"])
        let found = try mounted.shell("find . -name 'preferences.json' -o -name 'cache.json'")
        #expect(found.status == 0 && found.text == "", "\(found.text)\(found.errors)")
    }
}
