import DemoHistory
import Foundation
import Glibc
import TestSupport
import Testing

/// A program that changes a text in a file.
struct Editor: Sendable {
    let name: String
    let line: String
    /// What takes the place of `brown`.
    var color = "red"
    /// What the program means to leave beside the file, as it calls it.
    var leaves: String?
    /// What it says to nobody's harm.
    var chatter: String?

    init(_ name: String, _ line: String, color: String = "red", leaves: String? = nil, chatter: String? = nil) {
        self.name = name
        self.line = line
        self.color = color
        self.leaves = leaves
        self.chatter = chatter
    }
}

@Suite(.serialized, .timeLimit(.minutes(25))) struct EditorTests {
    private static let vim = "vim -u NONE -i NONE -es -c 'set backupskip=' -c '%s/brown/red/'"
    private static let emacs = "emacs --batch -Q --eval '(setq make-backup-files nil)'"
    private static let search =
        "'(progn (goto-char (point-min)) (search-forward \"brown\") (replace-match \"red\") (save-buffer))'"
    private static let git = "git -c user.name=u -c user.email=u@h -c core.fileMode=false"

    static let editors = [
        Editor("vim", "vim --not-a-term -T dumb -i NONE -c '%s/brown/red/' -c wq \"$F\" < /dev/null > /dev/null"),
        Editor("vim -es", "vim -u NONE -i NONE -es -c '%s/brown/red/' -c wq \"$F\""),
        Editor("vim backupcopy=auto", "\(vim) -c 'set backupcopy=auto' -c wq \"$F\""),
        Editor("vim backupcopy=yes", "\(vim) -c 'set backupcopy=yes' -c wq \"$F\""),
        Editor("vim backupcopy=no", "\(vim) -c 'set backupcopy=no' -c wq \"$F\""),
        Editor("vim backup", "\(vim) -c 'set backup backupcopy=no' -c wq \"$F\"", leaves: "F~"),
        Editor("vim patchmode", "\(vim) -c 'set patchmode=.orig backupcopy=auto' -c wq \"$F\"", leaves: "F.orig"),
        Editor("vim nowritebackup", "\(vim) -c 'set nowritebackup' -c wq \"$F\""),
        Editor("vim, two saves", "\(vim) -c w -c '%s/red/green/' -c wq \"$F\"", color: "green"),
        Editor("ex", "ex -sc '%s/brown/red/|x' \"$F\""),
        Editor(
            "nano",
            """
            (sleep 0.5; printf '\\034brown\\rred\\rA'; sleep 0.2; printf '\\017\\r'; sleep 0.2; printf '\\030') \
            | script -qec 'nano -I "$F"' /dev/null > /dev/null
            """),
        Editor(
            "emacs", "emacs --batch -Q \"$F\" --eval \(search)", leaves: "F~", chatter: "Wrote "),
        Editor(
            "emacs backup-by-copying",
            "emacs --batch -Q --eval '(setq backup-by-copying t)' \"$F\" --eval \(search)", leaves: "F~",
            chatter: "Wrote "),
        Editor("emacs without backup", "\(emacs) \"$F\" --eval \(search)", chatter: "Wrote "),
        Editor(
            "emacs precious", "\(emacs) \"$F\" --eval '(setq file-precious-flag t)' --eval \(search)", chatter: "Wrote "
        ),
        Editor("ed", "printf ',s/brown/red/\\nw\\nq\\n' | ed -s \"$F\""),
        Editor("sed -i", "sed -i \"$E\" \"$F\""),
        Editor("sed -i.bak", "sed -i.bak \"$E\" \"$F\"", leaves: "F.bak"),
        Editor("perl -i", "perl -i -pe \"$E\" \"$F\""),
        Editor("perl -i.orig", "perl -i.orig -pe \"$E\" \"$F\"", leaves: "F.orig"),
        Editor("jq and mv", "jq '(.. | strings) |= sub(\"brown\"; \"red\")' \"$F\" > t && mv t \"$F\""),
        Editor("sponge", "sed \"$E\" \"$F\" | sponge \"$F\""),
        Editor(">", "t=$(sed \"$E\" \"$F\"); printf '%s\\n' \"$t\" > \"$F\""),
        Editor(
            "(a; b) >",
            "t=$(sed \"$E\" \"$F\"); (printf '%s' \"${t:0:20}\"; cat /dev/null; printf '%s\\n' \"${t:20}\") > \"$F\""),
        Editor(
            "dash >",
            "t=$(sed \"$E\" \"$F\"); export t; dash -c 'echo \"$0\" > /dev/null; printf \"%s\\n\" \"$t\" > \"$F\"'"),
        Editor("tee", "sed \"$E\" \"$F\" > $T/t; tee \"$F\" < $T/t > /dev/null"),
        Editor("cp", "sed \"$E\" \"$F\" > $T/t; cp $T/t \"$F\""),
        Editor("cp -a", "sed \"$E\" \"$F\" > $T/t; cp -a $T/t \"$F\""),
        Editor("cp --backup", "sed \"$E\" \"$F\" > $T/t; cp --backup $T/t \"$F\"", leaves: "F~"),
        Editor("cp --remove-destination", "sed \"$E\" \"$F\" > $T/t; cp --remove-destination $T/t \"$F\""),
        Editor("mv", "sed \"$E\" \"$F\" > $T/t; mv $T/t \"$F\""),
        Editor("mv --backup", "sed \"$E\" \"$F\" > t; mv --backup t \"$F\"", leaves: "F~"),
        Editor("install", "sed \"$E\" \"$F\" > $T/t; install -m 644 $T/t \"$F\""),
        Editor("install -p", "sed \"$E\" \"$F\" > $T/t; install -p $T/t \"$F\""),
        Editor(
            "dd conv=notrunc",
            "at=$(grep -abo brown \"$F\" | cut -d: -f1); printf green | dd conv=notrunc bs=1 seek=$at status=none of=\"$F\"",
            color: "green"),
        Editor("tar", "cp \"$F\" $T && sed -i \"$E\" \"$T/$F\" && tar -C $T -cf - \"$F\" | tar xf -"),
        Editor(
            "tar --overwrite",
            "cp \"$F\" $T && sed -i \"$E\" \"$T/$F\" && tar -C $T -cf - \"$F\" | tar x --overwrite -f -"),
        Editor("unzip", "cp \"$F\" $T && sed -i \"$E\" \"$T/$F\" && (cd $T && zip -q z \"$F\") && unzip -qo $T/z"),
        Editor("rsync -a", "cp -p \"$F\" $T && sed -i \"$E\" \"$T/$F\" && rsync -a \"$T/$F\" ."),
        Editor("rsync --inplace", "cp -p \"$F\" $T && sed -i \"$E\" \"$T/$F\" && rsync -a --inplace \"$T/$F\" ."),
        Editor("rsync --backup", "cp -p \"$F\" $T && sed -i \"$E\" \"$T/$F\" && rsync -ab \"$T/$F\" .", leaves: "F~"),
        Editor("patch", "sed \"$E\" \"$F\" | diff -u \"$F\" - > $T/p; patch -s \"$F\" $T/p"),
        Editor(
            "git apply", "sed \"$E\" \"$F\" | diff -u --label \"a/$F\" --label \"b/$F\" \"$F\" - > $T/p; git apply $T/p"
        ),
        Editor(
            "git checkout",
            """
            export GIT_DIR=$T/g GIT_WORK_TREE=.
            git init -q -b main && git add . && \(git) commit -qm 1 && sed -i "$E" "$F" && git commit -qa -m 2 \
            --author='u <u@h>' && git checkout -q HEAD~1 -- "$F" && grep -q brown "$F" && git checkout -q HEAD -- "$F" \
            && [ "$(git status --porcelain)" = "" ]
            """.replacingOccurrences(of: "git commit", with: "\(git) commit")),
        Editor("os.replace", python("n = F + '.tmp'; open(n, 'wb').write(new); os.replace(n, F)")),
        Editor(
            "temporary file of another directory", python("open('../x', 'wb').write(new); os.replace('../x', F)")),
        Editor(
            "atomic save with fsync",
            python(
                """
                n = '.' + F + '.1234.tmp'; f = os.open(n, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
                os.write(f, new); os.fsync(f); os.close(f); os.chmod(n, 0o644); os.rename(n, F)
                d = os.open('.', os.O_RDONLY); os.fsync(d); os.close(d)
                """)),
        Editor(
            "in place with fsync",
            python("f = os.open(F, os.O_WRONLY | os.O_TRUNC); os.write(f, new); os.fsync(f); os.close(f)")),
        Editor(
            "read and written by one descriptor",
            python("f = open(F, 'r+b'); f.read(); f.seek(0); f.write(new); f.truncate(); f.close()")),
        Editor(
            "byte by byte", python("f = open(F, 'wb', buffering=0); [f.write(bytes([b])) for b in new]; f.close()")),
        Editor(
            "step aside, then rename",
            python("open('tmp', 'wb').write(new); os.rename(F, F + '_old'); os.rename('tmp', F); os.unlink(F + '_old')")
        ),
    ]

    private static func python(_ script: String) -> String {
        """
        cat > $T/script <<'END'
        import os
        F = os.environ['F']
        new = open(F, 'rb').read().replace(b'brown', b'red')
        \(script)
        END
        python3 $T/script
        """
    }

    @Test(arguments: TestFamily.plain)
    func `W1 every editor saves what it says, and nothing else changes`(family: TestFamily) throws {
        let foxes = try FoxHistory(family, messages: Self.editors.count)
        for (number, editor) in Self.editors.enumerated() {
            let faults = try foxes.faults(of: editor, number)
            #expect(faults.isEmpty, "\(editor.name): \(faults.joined(separator: "\n"))")
        }
        usleep(200_000)
        // Some try links first, for backups and locks, and do without.
        #expect(try foxes.complaints().filter { !$0.contains("link\"") } == [])
    }

    /// Programs that change a file that stands for a row, by `$E`.
    static let ways = [
        "sed -i \"$E\" \"$F\"", "sed \"$E\" \"$F\" > t && mv t \"$F\"", "sed \"$E\" \"$F\" > $T/t; cp $T/t \"$F\"",
        "sed \"$E\" \"$F\" > $T/t; mv $T/t \"$F\"", "t=$(sed \"$E\" \"$F\"); printf '%s\\n' \"$t\" > \"$F\"",
        "vim --not-a-term -T dumb -i NONE -c \"%$E\" -c wq \"$F\" < /dev/null > /dev/null",
        "printf '%s\\nw\\nq\\n' \",$E\" | ed -s \"$F\"", "perl -i -pe \"$E\" \"$F\"",
        "cp -p \"$F\" $T; sed -i \"$E\" \"$T/$F\"; tar -C $T -cf - \"$F\" | tar xf -",
    ]

    @Test(arguments: TestFamily.plain)
    func `W2 session.json, todo.json and project.json are edited like any file`(family: TestFamily) throws {
        let foxes = try FoxHistory(family, messages: 1) { rows in
            try rows.setTitle("Title 0", of: "ses_den")
            if rows.generation == .v1 {
                try rows.connection.run("UPDATE todo SET content = 'Title 0' WHERE position = 1")
            }
            if rows.generation != .go { try rows.connection.run("UPDATE project SET name = 'Title 0'") }
        }
        let names = try File.names(in: foxes.folder + "/..")
        let sessions = foxes.mounted.database.family.generation.sessions.name
        let files =
            [("..", "session.json", sessions)] + (family == .v1 ? [("..", "todo.json", "todo")] : [])
            + (family.isGo ? [] : [("../..", "project.json", "project")])
        for (folder, file, table) in files {
            for (number, way) in Self.ways.enumerated() {
                // An entry of a list with another text is another entry.
                func rows() throws -> [String: [String]] {
                    try foxes.mounted.database.dump().without(
                        "time_updated", "updated_at", "user_set_title", table == "todo" ? "time_created" : "")
                }
                let before = try rows()
                let (old, new) = ("Title \(number)", "Title \(number + 1)")
                let run = try foxes.run("cd \(folder); \(way)", on: file, ["E": "s/\(old)/\(new)/"])
                #expect(run.status == 0 && run.errors == "", "\(file): \(way): \(run.errors)")
                let changes = before.difference(to: try rows())
                let expected = changes.first?.replacing(old, with: new).replacing("- ", with: "+ ", maxReplacements: 1)
                #expect(changes.count == 2 && changes.last == expected, "\(file): \(way): \(changes)")
                #expect(changes.allSatisfy { $0.dropFirst(2).hasPrefix(table + ":") }, "\(file): \(way)")
                #expect(try File.text("\(foxes.folder)/\(folder)/\(file)").contains(new), "\(file): \(way)")
                // The session's own name goes with its title.
                #expect(try File.names(in: foxes.folder + "/..") == names, "\(file): \(way)")
            }
        }
        #expect(try foxes.complaints() == [])
    }

    private static let half = "vim -u NONE -i NONE -es -c '$ s/}$//'"

    /// What no program may save. `$G` is the text without its last bracket.
    static let refused: [Refused] = [
        Refused("cp", "printf %s \"$G\" > $T/t; cp $T/t \"$F\"", status: 1, says: "Invalid argument"),
        Refused("mv", "printf %s \"$G\" > t; mv t \"$F\"", status: 1, says: "subdirectory of itself", leaves: "t"),
        Refused(">", "printf %s \"$G\" > \"$F\"", status: 0),
        Refused(">>", "printf x >> \"$F\"", status: 0, text: { text, _ in text + "x" }),
        Refused("sed -i", "sed -i '$ s/}$//' \"$F\"", status: 4, says: "Invalid argument"),
        Refused(
            "truncate", "truncate -s 10 \"$F\"", status: 1, says: "Invalid argument",
            text: { text, _ in String(text.prefix(10)) }),
        Refused("truncate to nothing", "truncate -s 0 \"$F\"", status: 0, text: nil),
        Refused(": >", ": > \"$F\"", status: 0, text: nil),
        Refused(
            "another id", "sed s/msg_1/msg_9/ \"$F\" > $T/t; cp $T/t \"$F\"", status: 1, says: "Invalid argument",
            text: { text, _ in text.replacing("msg_1", with: "msg_9") }),
        // What vim does, when the kernel has told of the close before the rest.
        Refused("mv back", "mv \"$F\" t; printf %s \"$G\" > \"$F\"; sleep 0.2; rm \"$F\"; mv t \"$F\"", status: 0),
        Refused("fsync", "\(half) -c 'set nowritebackup' -c wq -c 'qa!' \"$F\"", status: 1),
        Refused("vim backupcopy=auto", "\(half) -c 'set backupcopy=auto' -c wq -c 'qa!' \"$F\"", status: 1),
        Refused(
            "vim backupcopy=yes", "\(half) -c 'set backupcopy=yes' -c wq -c 'qa!' \"$F\"", status: 1, leaves: "F~"),
    ]

    @Test(arguments: TestFamily.plain)
    func `W2 what is refused changes nothing, and is kept with its reason`(family: TestFamily) throws {
        let foxes = try FoxHistory(family, messages: Self.refused.count)
        let (rows, listing) = (try foxes.mounted.database.dump(), try foxes.listing())
        for (number, refused) in Self.refused.enumerated() {
            let file = try foxes.file(number)
            let text = try File.text(foxes.folder + "/" + file)
            let half = String(text.dropLast(2))
            let run = try foxes.run(refused.line, on: file, ["G": half])
            #expect(run.status == refused.status, "\(refused.name): \(run.errors)")
            #expect(
                refused.says.map { run.errors.contains($0) } ?? run.errors.isEmpty, "\(refused.name): \(run.errors)")
            let changes = try rows.difference(to: foxes.mounted.database.dump())
            #expect(changes == [], "\(refused.name): \(changes.map { $0.prefix(500) })")
            #expect(try File.text(foxes.folder + "/" + file) == text, "\(refused.name)")
            if let leaves = refused.leaves {
                #expect(unlink(foxes.folder + "/" + leaves.replacing("F", with: file)) == 0, "\(refused.name)")
            }
            #expect(try foxes.listing() == listing, "\(refused.name)")
            usleep(120_000)
            let kept = try foxes.kept("rejected")
            #expect(kept.count == (refused.text == nil ? 0 : 1), "\(refused.name)")
            for (bytes, reason, lines) in kept {
                #expect(bytes.trimmingSuffix("\n") == refused.text?(text, half).trimmingSuffix("\n"), "\(refused.name)")
                #expect(reason.hasPrefix("EINVAL: ") && !reason.contains("quick"), "\(refused.name): \(reason)")
                #expect(lines == 1, "\(refused.name)")
            }
            try foxes.forget("rejected")
        }
        // One line for each, those that were only emptied too.
        let lines = try foxes.complaints().filter { $0.contains("EINVAL") }
        #expect(lines.count == Self.refused.count, "\(lines.joined(separator: "\n"))")
    }
}

/// A program that tries to save what cannot be saved.
struct Refused: Sendable {
    let name: String
    let line: String
    let status: Int32
    /// Part of what it says; nothing if that is nil.
    var says: String?
    /// What it tried to save, of the text and the text without its last bracket; nil where that was nothing.
    var text: (@Sendable (String, String) -> String)?
    var leaves: String?

    init(
        _ name: String, _ line: String, status: Int32, says: String? = nil,
        text: (@Sendable (String, String) -> String)? = { $1 }, leaves: String? = nil
    ) {
        self.name = name
        self.line = line
        self.status = status
        self.says = says
        self.text = text
        self.leaves = leaves
    }
}

extension FoxHistory {
    /// Lets a program change a message, and says what is other than it should be.
    fileprivate func faults(of editor: Editor, _ number: Int) throws -> [String] {
        let (id, file) = (Self.id(number), try file(number))
        let (listing, rows) = (try listing(), try rows(butTimesOf: id))
        let text = try text(of: file)
        let run = try run(editor.line, on: file)
        var faults: [String] = []
        if run.status != 0 { faults.append("status \(run.status)") }
        faults += run.errors.split(separator: "\n").filter { !$0.hasPrefix(editor.chatter ?? "\n") }.map {
            "said: \($0)"
        }

        let shown = try self.text(of: file)
        if shown != text.replacingOccurrences(of: "brown", with: editor.color) { faults.append("shows: \(shown)") }
        faults += rows.replacing("brown", with: editor.color, in: id).difference(to: try self.rows(butTimesOf: id))
        if let leaves = editor.leaves {
            let backup = leaves.replacingOccurrences(of: "F", with: file)
            let kept = (try? self.text(of: backup)) ?? "nothing"
            if kept != text { faults.append("backup: \(kept)") }
            unlink(folder + "/" + backup)
        }
        let names = try self.listing()
        if names != listing { faults.append("names: \(Set(names).symmetricDifference(listing))") }
        return faults
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
