import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(25))) struct ConflictTests {
    /// Programs that read `$F`, let another program change its row with `$SQL`, and then save.
    static let overtaken: [(name: String, line: String, status: Int32)] = [
        ("cp", "sed \"$E\" \"$F\" > $T/t; $RUN \"$SQL\"; cp $T/t \"$F\"", 1),
        ("mv", "sed \"$E\" \"$F\" > t; $RUN \"$SQL\"; mv t \"$F\" || { rm t; false; }", 1),
        ("dd", "sed \"$E\" \"$F\" > $T/t; $RUN \"$SQL\"; dd status=none if=$T/t of=\"$F\"", 1),
        (">", "t=$(sed \"$E\" \"$F\"); $RUN \"$SQL\"; printf '%s\\n' \"$t\" > \"$F\"", 0),
        // It may notice by itself, when a look at the times is not too quick: told not to mind, it saves.
        (
            "vim",
            "vim -u NONE -i NONE -es -c 'set nocompatible' -c '%s/brown/red/' -c 'silent !$RUN \"$SQL\"' -c 'wq!' -c 'qa!' \"$F\"",
            1
        ),
        ("one descriptor", python("f.seek(0); f.write(new); f.truncate(); f.close()"), 0),
        ("fsync", python("f.seek(0); f.write(new); f.truncate(); f.flush(); os.fsync(f.fileno())"), 0),
        ("os.replace", python("open('t', 'wb').write(new); os.replace('t', F)", finally: "os.unlink('t')"), 0),
    ]

    private static func python(_ script: String, finally: String = "pass") -> String {
        """
        cat > $T/script <<'END'
        import errno, os, subprocess, sys
        F = os.environ['F']
        f = open(F, 'r+b')
        new = f.read().replace(b'brown', b'red')
        subprocess.run(os.environ['RUN'].split() + [os.environ['SQL']], check=True)
        try:
            \(script)
            sys.exit('saved')
        except OSError as error:
            if error.errno != errno.ESTALE: sys.exit(str(error))
        \(finally)
        os._exit(0)
        END
        python3 $T/script
        """
    }

    /// What another program does to a message; where it leaves length and times alone, only the bytes tell.
    private static func update(_ id: String, _ family: TestFamily, with color: String) -> String {
        let change = "replace(%, 'brown', '\(color)')"
        return switch family {
        case .v1: "UPDATE part SET data = \(change.replacing("%", with: "data")) WHERE message_id = '\(id)'"
        case .v2, .both: "UPDATE session_message SET data = \(change.replacing("%", with: "data")) WHERE id = '\(id)'"
        case .go, .team: "UPDATE messages SET parts = \(change.replacing("%", with: "parts")) WHERE id = '\(id)'"
        }
    }

    @Test(arguments: TestFamily.plain, ["white", "yellow"])
    func `W3 what another program wrote after we read is not overwritten`(
        family: TestFamily, color: String
    ) throws {
        let foxes = try FoxHistory(family, messages: Self.overtaken.count)
        let listing = try foxes.listing()
        for (number, program) in Self.overtaken.enumerated() {
            let (id, file) = (FoxHistory.id(number), try foxes.file(number))
            let text = try File.text(foxes.folder + "/" + file)
            let rows = try foxes.rows(butTimesOf: id)
            let run = try foxes.run(program.line, on: file, ["SQL": Self.update(id, family, with: color)])
            #expect(run.status == program.status, "\(program.name): \(run.errors)")
            if program.status == 1, !program.name.hasPrefix("vim") {
                #expect(run.errors.contains("Stale file handle"), "\(program.name): \(run.errors)")
            }
            let expected = rows.replacing("brown", with: color, in: id)
            #expect(try expected.difference(to: foxes.rows(butTimesOf: id)) == [], "\(program.name)")
            #expect(try foxes.listing() == listing, "\(program.name)")
            usleep(120_000)
            let kept = try foxes.kept("conflicts")
            #expect(kept.count == 1, "\(program.name): \(kept)")
            for (bytes, reason, lines) in kept {
                #expect(bytes == text.replacing("brown", with: "red"), "\(program.name)")
                #expect(reason.hasPrefix("ESTALE: "), "\(program.name): \(reason)")
                #expect(lines == 1, "\(program.name)")
            }
            try foxes.forget("conflicts")
            #expect(try foxes.text(of: file).contains("the quick \(color) fox"), "\(program.name)")
            // Who has read it again saves.
            let again = try foxes.run("sed -i 's/\(color)/red/' \"$F\"", on: file)
            #expect(again.status == 0 && again.errors == "", "\(program.name): \(again.errors)")
            #expect(try foxes.text(of: file).contains("the quick red fox"), "\(program.name)")
        }
        #expect(try foxes.kept("rejected").isEmpty)
    }

    /// A reader's pages are no part of what a later writer begins with.
    @Test(arguments: TestFamily.plain)
    func `W3 who opens a file to change it reads what another program has just written`(
        family: TestFamily
    ) throws {
        let foxes = try FoxHistory(family, messages: 1)
        let (id, file) = (FoxHistory.id(0), try foxes.file(0))
        let rows = try foxes.rows(butTimesOf: id)
        let run = try foxes.run(
            """
            cat "$F" > /dev/null; $RUN "$SQL"
            python3 -c '
            import os; f = open(os.environ["F"], "r+b"); new = f.read().replace(b"fox", b"cat")
            f.seek(0); f.write(new); f.truncate(); f.close()'
            """, on: file, ["SQL": Self.update(id, family, with: "white")])
        #expect(run.status == 0, "\(run.errors)")
        let expected = rows.replacing("brown fox", with: "white cat", in: id)
        #expect(try expected.difference(to: foxes.rows(butTimesOf: id)) == [])
    }

    /// Adds words to one message for a second, and tells which.
    private static let adding = """
        import errno, os, sys, time
        F, style = os.environ['F'], sys.argv[1]
        number = lost = 0
        end = time.monotonic() + 1
        while time.monotonic() < end:
            word = b'w%d.%d.' % (os.getpid(), number)
            number += 1
            try:
                old = open(F, 'rb').read()
                new = old.replace(b'fox', word + b' fox')
                if style == 'rename':
                    name = 'tmp%d' % os.getpid()
                    with open(name, 'wb') as f: f.write(new)
                    os.rename(name, F)
                elif style == 'one descriptor':
                    with open(F, 'r+b') as f:
                        new = f.read().replace(b'fox', word + b' fox')
                        f.seek(0); f.write(new); f.truncate()
                else:
                    with open(F, 'wb') as f: f.write(new)
                print(word.decode())
            except OSError as error:
                if error.errno != errno.ESTALE: raise
                lost += 1
                time.sleep(0.001 * (os.getpid() % 7))
        """

    @Test(arguments: TestFamily.plain, ["in place", "rename", "one descriptor"])
    func `W3 two mounts that add to one message lose nothing`(family: TestFamily, style: String) throws {
        let foxes = try FoxHistory(family, messages: 1)
        let other = try foxes.mounted.sandbox.directory.directory("other")
        let mounted = try foxes.mounted.opencodefs("mount", other)
        #expect(mounted.status == 0, "\(mounted.errors)")
        let script = foxes.mounted.sandbox.path + "/add"
        try Data(Self.adding.utf8).write(to: URL(fileURLWithPath: script))
        let run = try foxes.run(
            """
            cd "$OTHER"; python3 "$SCRIPT" "$STYLE" > $T/other & cd "$OLDPWD"; python3 "$SCRIPT" "$STYLE"; wait; cat $T/other
            """, on: try foxes.file(0),
            [
                "SCRIPT": script, "STYLE": style,
                "OTHER": other + foxes.folder.dropFirst(foxes.mounted.mountpoint.count),
            ])
        #expect(run.status == 0 && run.errors == "", "\(run.errors)")
        let text = try foxes.text(of: foxes.file(0))
        // That both get through is no promise where each look is a round trip: who is quicker may stay so for a while.
        let writers = Set(run.lines.map { $0.prefix { $0 != "." } }).count
        #expect(run.lines.count > 10 && (writers == 2 || family == .team), "\(run.text)")
        #expect(run.lines.filter { !text.contains($0) } == [])
        #expect(text.split(separator: " ").filter { $0.hasPrefix("w") && $0.hasSuffix(".") }.count == run.lines.count)
    }

    @Test(arguments: TestFamily.plain)
    func `W1 a text is committed once, however often its descriptors are closed`(family: TestFamily) throws {
        let writers = [
            "t=$(sed \"$E\" \"$F\"); (printf '%s' \"${t:0:30}\"; cat /dev/null; printf '%s\\n' \"${t:30}\") > \"$F\"",
            "sed \"$E\" \"$F\" > $T/t; exec 3> \"$F\"; exec 4>&3; cat $T/t >&3; exec 3>&-; exec 4>&-",
            "sed -i \"$E\" \"$F\"",
            """
            python3 -c '
            import os; F = os.environ["F"]; new = open(F, "rb").read().replace(b"brown", b"red")
            f = open(F, "wb"); f.write(new); f.flush(); os.fsync(f.fileno()); d = os.dup(f.fileno()); os.close(d); f.close()'
            """,
        ]
        let foxes = try FoxHistory(family, messages: writers.count) { rows in
            try rows.connection.run("CREATE TABLE commits (id TEXT)")
            guard family.holdsAnything else {
                try rows.connection.run(
                    """
                    CREATE TRIGGER commits AFTER UPDATE ON messages FOR EACH ROW
                    IF NOT new.parts <=> old.parts THEN INSERT INTO commits VALUES (new.id); END IF
                    """)
                return
            }
            let (table, key, column): (SQLIdentifier, SQLIdentifier, SQLIdentifier) =
                switch rows.generation {
                case .v1: (SQLIdentifier("part"), SQLIdentifier("message_id"), SQLIdentifier("data"))
                case .v2: (rows.messages, SQLIdentifier("id"), SQLIdentifier("data"))
                case .go: (rows.messages, SQLIdentifier("id"), SQLIdentifier("parts"))
                }
            try rows.connection.run(
                """
                CREATE TRIGGER commits AFTER UPDATE OF \(column) ON \(table) WHEN new.\(key) LIKE 'msg%'
                BEGIN INSERT INTO commits VALUES (new.\(key)); END
                """)
        }
        for (number, line) in writers.enumerated() {
            let run = try foxes.run(line, on: try foxes.file(number))
            #expect(run.status == 0 && run.errors == "", "\(line): \(run.errors)")
            #expect(try foxes.text(of: foxes.file(number)).contains("red"), "\(line)")
            let commits = try foxes.mounted.database.column(
                "SELECT count(*) FROM commits WHERE id = \(SQLValue(FoxHistory.id(number)))")
            #expect(commits == ["1"], "\(line)")
        }
        #expect(try foxes.complaints() == [])
    }

    @Test(arguments: TestFamily.plain)
    func `W3 a message in flight is EBUSY, and what is to be saved is kept`(family: TestFamily) throws {
        let now = Int64(Date().timeIntervalSince1970) * 1000
        let foxes = try FoxHistory(family, messages: 1) { rows in
            for (id, time) in [("msg_900", now - 5_000), ("msg_901", now - 11 * 60_000)] {
                let (data, parts): (String, [(id: SQLValue, data: SQLValue)]) =
                    switch rows.generation {
                    case .v1:
                        (
                            """
                            {"role":"assistant","parentID":"msg_100","time":{"created":\(time)},"modelID":"m","providerID":"p",\
                            "mode":"build","agent":"build","path":{"cwd":"/","root":"/"},"cost":0,\
                            "tokens":{"input":0,"output":0,"reasoning":0,"cache":{"read":0,"write":0}}}
                            """,
                            [("prt_\(id)", #"{"type":"text","text":"the quick brown fox"}"#)]
                        )
                    case .v2:
                        (
                            """
                            {"agent":"build","model":{"id":"m","providerID":"p"},"time":{"created":\(time)},\
                            "content":[{"type":"text","text":"the quick brown fox"}]}
                            """, []
                        )
                    case .go: (#"[{"type":"text","data":{"text":"the quick brown fox"}}]"#, [])
                    }
                try rows.message(
                    "\(id)", in: "ses_den", "\(data)", created: time, updated: time, type: "assistant",
                    parts: parts)
            }
        }
        let names = try File.names(in: foxes.folder)
        let file = try #require(names.first { $0.hasSuffix("~msg_900.json") })
        let rows = try foxes.mounted.database.dump()
        for line in [
            "sed \"$E\" \"$F\" > $T/t; cp $T/t \"$F\"", "sed \"$E\" \"$F\" > t; mv t \"$F\" || { rm t; false; }",
        ] {
            let run = try foxes.run(line, on: file)
            #expect(run.status == 1 && run.errors.contains("Device or resource busy"), "\(line): \(run.errors)")
            #expect(try rows.difference(to: foxes.mounted.database.dump()) == [], "\(line)")
            let kept = try foxes.kept("rejected")
            #expect(kept.count == 1 && kept.allSatisfy { $0.text.contains("red") && $0.reason.hasPrefix("EBUSY") })
            try foxes.forget("rejected")
        }
        #expect(try File.names(in: foxes.folder) == names)
        // What nobody has touched for ten minutes was left behind by a crash.
        let old = try #require(names.first { $0.hasSuffix("~msg_901.json") })
        let run = try foxes.run("sed -i \"$E\" \"$F\"", on: old)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try foxes.text(of: old).contains("red"))
    }

    @Test(arguments: TestFamily.plain)
    func `ro answers every way to write with EROFS`(family: TestFamily) throws {
        let foxes = try FoxHistory(family, messages: 1, ["-o", "ro"])
        let rows = try foxes.mounted.database.dump()
        for line in [
            "cp /etc/hostname \"$F\"", "cp /etc/hostname new", "mv \"$F\" \"$F~\"",
            "sed -i \"$E\" \"$F\"", "truncate -s 3 \"$F\"", "mkdir new", "dd status=none if=/dev/null of=\"$F\"",
            "tee -a \"$F\" < /dev/null", "ln -s x y", "mv ../../2*ses_other ../../2026-11-18.b~ses_other",
        ] {
            let run = try foxes.run(line, on: try foxes.file(0))
            #expect(run.status != 0 && run.errors.contains("Read-only file system"), "\(line): \(run.errors)")
        }
        #expect(try rows.difference(to: foxes.mounted.database.dump()) == [])
    }

    @Test(arguments: [TestFamily.v1, .team])
    func `a save waits for another writer, then is EBUSY and kept`(family: TestFamily) throws {
        let foxes = try FoxHistory(family, messages: 2)
        let (rows, file) = (try foxes.mounted.database.dump(), try foxes.file(0))
        var other = try foxes.mounted.database.locked()
        let start = ContinuousClock.now
        let run = try foxes.run("sed \"$E\" \"$F\" > $T/t; cp $T/t \"$F\"", on: file)
        let waited = ContinuousClock.now - start
        #expect(run.status == 1 && run.errors.contains("Device or resource busy"), "\(run.errors)")
        // A server counts in seconds when somebody waits for a row, and what is left after four is too short for another wait.
        #expect(waited > .seconds(family.holdsAnything ? 4.5 : 3.8) && waited < .seconds(9), "\(waited)")
        other.rollback()
        #expect(try rows.difference(to: foxes.mounted.database.dump()) == [])
        let kept = try foxes.kept("rejected")
        #expect(
            kept.count == 1 && kept.allSatisfy { $0.text.contains("red") && $0.reason.hasPrefix("EBUSY") }, "\(kept)")
        // A shorter wait is nobody's business.
        other = try foxes.mounted.database.locked()
        let release = Thread { [other] in
            usleep(700_000)
            other.rollback()
        }
        release.start()
        let second = try foxes.run("sed -i \"$E\" \"$F\"", on: try foxes.file(1))
        #expect(second.status == 0 && second.errors == "", "\(second.errors)")
        #expect(try foxes.text(of: foxes.file(1)).contains("red"))
    }
}
