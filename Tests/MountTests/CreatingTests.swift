import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(25))) struct CreatingTests {
    /// The least that a message must say, but for its ids.
    private static func text(_ family: TestFamily, id: String? = nil) -> String {
        let id = id.map { "\"id\":\"\($0)\"," } ?? ""
        return switch family {
        case .v1:
            """
            {"info":{\(id)"role":"user","time":{"created":1794997000000},"agent":"build","model":{"providerID":"p","modelID":"m"}},\
            "parts":[{"type":"text","text":"a new fox"}]}
            """
        case .v2, .both: "{\(id)\"type\":\"user\",\"time\":{\"created\":1794997000000},\"text\":\"a new fox\"}"
        case .go, .team: "{\(id)\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"data\":{\"text\":\"a new fox\"}}]}"
        }
    }

    /// What makes the file `$F` with the text `$N`.
    static let makers = [
        ("cp", "printf %s \"$N\" > $T/t; cp $T/t \"$F\""),
        (">", "printf %s \"$N\" > \"$F\""),
        ("mv", "printf %s \"$N\" > $T/t; mv $T/t \"$F\""),
        ("mv of a temporary file", "printf %s \"$N\" > t; mv t \"$F\""),
        ("install", "printf %s \"$N\" > $T/t; install $T/t \"$F\""),
        ("vim", "printf %s \"$N\" > $T/t; vim -u NONE -i NONE -es -c \"0r $T/t\" -c wq \"$F\""),
        ("tar", "printf %s \"$N\" > \"$T/$F\"; tar -C $T -cf - \"$F\" | tar xf -"),
        ("rsync", "printf %s \"$N\" > \"$T/$F\"; rsync -a \"$T/$F\" ."),
        ("exclusively", "set -C; printf %s \"$N\" > \"$F\""),
    ]

    @Test(arguments: TestFamily.plain, [true, false])
    func `W5 a new file is a new message`(family: TestFamily, labelled: Bool) throws {
        let foxes = try FoxHistory(family, messages: 3)
        for (number, maker) in Self.makers.enumerated() {
            let id = family.isGo ? "0a1b2c3d-0000-4000-8000-00000000000\(number)" : "msg_20\(number)"
            let file = (labelled ? "00001\(number).user~" : "") + id + ".json"
            let names = try File.names(in: foxes.folder)
            let rows = try foxes.mounted.database.dump()
            let run = try foxes.run(maker.1, on: file, ["N": Self.text(family)])
            #expect(run.status == 0 && run.errors == "", "\(maker.0): \(run.errors)")
            #expect(Set(try File.names(in: foxes.folder)) == Set(names + [file]), "\(maker.0)")
            let shown = try JSONValue(File.contents(foxes.folder + "/" + id + ".json"))
            let said = family == .v1 ? shown["info"]?["id"] : shown["id"]
            #expect(said?.string == id, "\(maker.0)")
            #expect(try foxes.text(of: file).contains("a new fox"), "\(maker.0)")
            // Nothing but new rows, and what counts them.
            let difference = rows.difference(to: try foxes.mounted.database.dump())
                .filter {
                    !$0.hasPrefix("- sessions:") && !$0.hasPrefix("+ sessions:") && !$0.contains("event_sequence:")
                }
            #expect(difference.count == (family == .v1 ? 2 : 1), "\(maker.0): \(difference)")
            #expect(difference.allSatisfy { $0.hasPrefix("+ ") && $0.contains("'\(id)'") }, "\(maker.0): \(difference)")
        }
        #expect(try foxes.complaints() == [])
        // The next mount shows the same in the order in which they were made.
        try foxes.mounted.unmount()
        try foxes.mounted.mount()
        let ids = try File.names(in: foxes.folder).map { String($0.split(separator: "~").last ?? "") }
        #expect(ids == ids.sorted { $0.hasPrefix("msg_1") != $1.hasPrefix("msg_1") ? $0.hasPrefix("msg_1") : $0 < $1 })
    }

    @Test(arguments: TestFamily.plain)
    func `W5 an empty file is no message, and does not stand in the way of one`(family: TestFamily) throws {
        let foxes = try FoxHistory(family, messages: 1)
        let (rows, names) = (try foxes.mounted.database.dump(), try File.names(in: foxes.folder))
        let file = "000002.user~msg_200.json"
        let empty = try foxes.run("touch \"$F\"; ls", on: file)
        #expect(empty.status == 0 && empty.errors == "" && empty.lines == names, "\(empty.errors)")
        #expect(try rows.difference(to: foxes.mounted.database.dump()) == [])
        #expect(try foxes.complaints().count == 1)
        let both = try foxes.run(
            "touch \"$F\"; printf %s \"$N\" > \"$F\"; cat \"$F\"", on: file, ["N": Self.text(family)])
        #expect(both.status == 0 && both.errors == "" && both.text.contains("a new fox"), "\(both.errors)")
        #expect(try File.names(in: foxes.folder) == names + [file])
    }

    @Test(arguments: TestFamily.plain)
    func `W2 a new file with another id in it is refused and kept`(family: TestFamily) throws {
        let foxes = try FoxHistory(family, messages: 1)
        let (rows, names) = (try foxes.mounted.database.dump(), try File.names(in: foxes.folder))
        let id = "0a1b2c3d-0000-4000-8000-000000000001"
        let run = try foxes.run(
            "printf %s \"$N\" > $T/t; cp $T/t \"$F\"", on: family.isGo ? "\(id).json" : "msg_200.json",
            ["N": Self.text(family, id: "msg_201")])
        #expect(run.status == 1 && run.errors.contains("Invalid argument"), "\(run.errors)")
        #expect(try rows.difference(to: foxes.mounted.database.dump()) == [])
        #expect(try File.names(in: foxes.folder) == names)
        #expect(try foxes.kept("rejected").map(\.text) == [Self.text(family, id: "msg_201")])
    }

    @Test(arguments: TestFamily.plain)
    func `N1 a message that is there is not made again under another label`(family: TestFamily) throws {
        let foxes = try FoxHistory(family, messages: 2)
        let (rows, names) = (try foxes.mounted.database.dump(), try File.names(in: foxes.folder))
        for (line, errors) in [
            ("printf %s \"$N\" > $T/t; cp $T/t \"$F\"", "File exists"), ("mkdir \"$F\"", "Operation not permitted"),
            // It has no name that mv could tell of.
            ("printf %s \"$N\" > t; mv t \"$F\" || { rm t; false; }", "mv: "),
        ] {
            let run = try foxes.run(line, on: "000099.user~msg_101.json", ["N": Self.text(family)])
            #expect(run.status == 1 && run.errors.contains(errors), "\(line): \(run.errors)")
        }
        #expect(try rows.difference(to: foxes.mounted.database.dump()) == [])
        #expect(try File.names(in: foxes.folder) == names)
    }

    /// What removes a message and writes it anew.
    @Test(
        arguments: TestFamily.plain,
        [
            "cp -p \"$F\" $T/t; rm \"$F\"; cp $T/t \"$F\"", "cp -p \"$F\" $T/t; rm \"$F\"; mv $T/t \"$F\"",
            "cp -p \"$F\" $T/t; install -p $T/t \"$F\"", "tar cf $T/t \"$F\"; rm \"$F\"; tar xf $T/t",
            "zip -q $T/t \"$F\"; rm \"$F\"; unzip -q $T/t",
            """
            export GIT_DIR=$T/g GIT_WORK_TREE=.; git init -q; git add .; git -c user.name=u -c user.email=u@h commit -qm 1
            rm "$F"; git checkout -q -- "$F"
            """,
        ])
    func `W6 a message that is removed and made again is the same as before`(
        family: TestFamily, line: String
    ) throws {
        let foxes = try FoxHistory(family, messages: 3)
        let listing = try foxes.listing()
        for number in [1, 0] {
            let (id, file) = (FoxHistory.id(number), try foxes.file(number))
            let (rows, text) = (try foxes.rows(butTimesOf: id), try foxes.text(of: file))
            let parts = try foxes.mounted.database.dump()["part"]
            let run = try foxes.run(line, on: file)
            #expect(run.status == 0 && run.errors == "", "\(run.errors)")
            #expect(try rows.difference(to: foxes.rows(butTimesOf: id)) == [])
            #expect(try foxes.mounted.database.dump()["part"] == parts)
            #expect(try foxes.text(of: file) == text)
            #expect(try foxes.listing() == listing)
        }
        #expect(try foxes.complaints() == [])
    }

    @Test(arguments: TestFamily.plain)
    func `W6 a message that steps aside stays in the database until its backup is removed`(
        family: TestFamily
    ) throws {
        let foxes = try FoxHistory(family, messages: 2)
        let (rows, file, listing) = (try foxes.mounted.database.dump(), try foxes.file(0), try foxes.listing())
        let (text, other) = (try File.text(foxes.folder + "/" + file), try foxes.file(1))
        let aside = try foxes.run("mv \"$F\" \"$F~\" && ls && cat \"$F~\" && ! cat \"$F\" 2> /dev/null", on: file)
        #expect(aside.status == 0 && aside.text == "\(file)~\n\(other)\n" + text, "\(aside.text)")
        #expect(try rows.difference(to: foxes.mounted.database.dump()) == [])
        #expect(try foxes.run("mv \"$F~\" \"$F\"", on: file).status == 0)
        #expect(try foxes.listing() == listing)
        #expect(try rows.difference(to: foxes.mounted.database.dump()) == [])
        // Whoever dies in between has lost nothing.
        #expect(
            try foxes.run("mv \"$F\" \"$F~\" && kill -9 $PID", on: file, ["PID": "\(foxes.mounted.daemon)"]).status == 0
        )
        try foxes.mounted.mount()
        #expect(try foxes.listing() == listing)
        // And rm of the backup is rm of the message.
        #expect(try foxes.run("mv \"$F\" \"$F~\" && rm \"$F~\"", on: file).status == 0)
        #expect(try rows.difference(to: foxes.mounted.database.dump()).contains { $0.hasPrefix("- ") })
        #expect(try foxes.mounted.opencodefs("restore", "--last").status == 0)
        #expect(
            try rows.without("updated_at").difference(to: foxes.mounted.database.dump().without("updated_at")) == [])
    }

    /// install and tar remove the file before they find out that the new one is refused.
    @Test(arguments: TestFamily.plain)
    func `W6 a message that was removed for a text that is refused is in the trash`(
        family: TestFamily
    ) throws {
        let foxes = try FoxHistory(family, messages: 1)
        let (rows, file) = (try foxes.mounted.database.dump(), try foxes.file(0))
        for line in ["install $T/t \"$F\"", "mv $T/t \"$F\"", "cp $T/t \"$T/$F\"; tar -C $T -cf - \"$F\" | tar xf -"] {
            let run = try foxes.run("echo '{half' > $T/t; \(line)", on: file)
            #expect(run.status != 0 && run.errors.contains("Invalid argument"), "\(line): \(run.errors)")
            #expect(try foxes.kept("rejected").map(\.text) == ["{half\n"], "\(line)")
            try foxes.forget("rejected")
            #expect(try foxes.mounted.opencodefs("restore", "--last").status == 0, "\(line)")
            #expect(
                try rows.without("updated_at").difference(to: foxes.mounted.database.dump().without("updated_at"))
                    == [],
                "\(line)")
            #expect(Sandbox.waits(seconds: 1) { (try? foxes.file(0)) == file }, "\(line)")
        }
    }

    @Test(arguments: TestFamily.plain)
    func `W6 any other name is a scratch file that no database sees`(family: TestFamily) throws {
        let foxes = try FoxHistory(family, messages: 1)
        let (rows, listing) = (try foxes.mounted.database.dump(), try foxes.listing())
        let run = try foxes.run(
            """
            echo one > notes.txt; echo two >> notes.txt; cp notes.txt .hidden; mkdir ../x 2> $T/e || cat $T/e; mkdir x 2> $T/e || cat $T/e
            [ "$(cat notes.txt)" = "$(printf 'one\\ntwo')" ] && ls -A | grep -c -e notes.txt -e .hidden; wc -c < .hidden
            truncate -s 3 notes.txt; cat notes.txt; mv notes.txt other.txt; cat other.txt; echo; rm other.txt .hidden
            head -c 70M /dev/zero > large 2> $T/e || cat $T/e; rm large
            """, on: try foxes.file(0))
        #expect(run.status == 0 && run.errors == "", "\(run.errors)")
        let denied = run.lines.filter { $0.contains("Operation not permitted") }
        #expect(denied.count == 2, "\(run.text)")
        #expect(
            run.lines.filter { !$0.contains("mkdir") && !$0.contains("head") } == ["2", "8", "oneone"], "\(run.text)")
        #expect(run.text.contains("No space left on device"), "\(run.text)")
        #expect(try foxes.listing() == listing)
        #expect(try rows.difference(to: foxes.mounted.database.dump()) == [])
    }
}
