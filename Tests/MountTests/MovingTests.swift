import DemoHistory
import Glibc
import SQL
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(25))) struct MovingTests {
    private static func mounted(_ family: TestFamily) throws -> MountedHistory {
        try MountedHistory(family) { rows in
            try rows.project("shop", worktree: "/home/u/shop")
            try rows.project("other", worktree: "/home/u/other")
            try rows.session("ses_parent", title: "Fix the login")
            try rows.session("ses_child", title: "Look", parent: "ses_parent")
            try rows.session("ses_stays", in: "other", title: "Stay")
            for session in ["parent", "child", "stays"] { try rows.message("msg_\(session)", in: "ses_\(session)") }
        }
    }

    /// What a line of shell changes in the database: the fields that are other in the rows of sessions.
    private func changes(
        _ line: String, in mounted: borrowing MountedHistory, status: Int32 = 0
    ) throws -> [String: [String: String]] {
        let before = try mounted.database.dump()
        let shop = mounted.database.family.shop
        let run = try mounted.shell(
            "P=\(shop); O=\(shop.replacing("shop", with: "other")); S=$P/2026-11-18.Fix-the-login~ses_parent; \(line)")
        #expect(run.status == status && (run.errors == "") == (status == 0), "\(line): \(run.errors)")
        let after = try mounted.database.dump()
        let table = mounted.database.family.generation.sessions.name
        for (name, rows) in before where name != table { #expect(after[name] == rows, "\(line): \(name)") }
        var changes: [String: [String: String]] = [:]
        for (old, new) in zip(before[table] ?? [], after[table] ?? []) where old != new {
            let id = String(old.split(separator: "|")[0])
            let fields = zip(old.split(separator: "|"), new.split(separator: "|")).filter { $0 != $1 }.map(\.1)
            for field in fields where !field.hasPrefix("time_updated=") && !field.hasPrefix("updated_at=") {
                let parts = field.split(separator: "=", maxSplits: 1).map(String.init)
                changes[id, default: [:]][parts[0]] = parts[1]
            }
        }
        #expect(try File.text(mounted.path(".opencodefs/errors.jsonl")) == "" || status != 0)
        return changes
    }

    @Test(arguments: TestFamily.plain)
    func `W7 mv to another project takes the children along`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        let expected = ["project_id": "'other'"].merging(family.isGo ? [:] : ["directory": "'/home/u/other'"]) { $1 }
        #expect(
            try changes("mv $S $O", in: mounted) == ["id='ses_parent'": expected, "id='ses_child'": expected])
        let folder = try mounted.path(File.projects(in: mounted.mountpoint).first { $0.hasSuffix("other") } ?? "")
        #expect(
            try File.names(in: folder).filter { $0.contains("ses_") } == [
                "2026-11-18.Fix-the-login~ses_parent", "2026-11-18.Stay~ses_stays",
            ])
        let child = try mounted.message("msg_child", of: "ses_child")
        #expect(child.hasPrefix(folder + "/2026-11-18.Fix-the-login~ses_parent/children/"))
        #expect(try File.text(child).contains("msg_child"))
        #expect(try mounted.shell("ls *shop/").lines.filter { $0.contains("ses_") } == [])
        // And back, by the id alone. A project of the Go family is there as long as a session names it.
        #expect(
            try changes("mkdir -p $P && mv $O/ses_parent $P/2026-11-18.Fix-the-login~ses_parent", in: mounted).count
                == 2)
        #expect(try mounted.session("ses_parent").hasPrefix(mounted.path(mounted.database.family.shop)))
    }

    @Test(arguments: [TestFamily.v1, .v2])
    func `W7 mv into archived and out of it archives a session`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        let archived = try changes("mkdir $P/archived && mv $S $P/archived", in: mounted)
        #expect(archived.keys.sorted() == ["id='ses_parent'"])
        #expect(archived["id='ses_parent'"]?.keys.sorted() == ["time_archived"])
        #expect(try mounted.session("ses_child").contains("/archived/2026-11-18.Fix-the-login~ses_parent/children/"))
        let back = try changes("mv $P/archived/*ses_parent $P", in: mounted)
        #expect(back == ["id='ses_parent'": ["time_archived": "null"]])
        #expect(try File.text(mounted.session("ses_parent") + "/session.json").contains("Fix the login"))
    }

    @Test(arguments: TestFamily.plain)
    func `W7 mv to another label sets the title, and the name stays`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        var expected = ["title": "'Something new'"]
        if family.isGo { expected["user_set_title"] = "integer(1)" }
        #expect(
            try changes("mv $S \"$P/2026-11-18.Something new~ses_parent\"", in: mounted)
                == ["id='ses_parent'": expected])
        let names = try mounted.shell("ls *shop | grep ses_; ls -d *shop/*Fix* 2> /dev/null").lines
        #expect(names == ["2026-11-18.Something new~ses_parent"])
        #expect(try File.text(mounted.session("ses_parent") + "/session.json").contains("Something new"))
        // A label that says what the title says changes nothing, and there and back is where it was.
        #expect(try changes("mv $P/*ses_parent $P/2026-11-18.Something-new~ses_parent", in: mounted) == [:])
        #expect(try changes("mv $P/*ses_parent $S", in: mounted)["id='ses_parent'"]?["title"] == "'Fix-the-login'")
        #expect(try mounted.shell("ls *shop | grep ses_").lines == ["2026-11-18.Fix-the-login~ses_parent"])
        try mounted.unmount()
        try mounted.mount()
        #expect(try mounted.shell("ls *shop | grep ses_").lines == ["2026-11-18.Fix-the-login~ses_parent"])
    }

    @Test(arguments: TestFamily.plain)
    func `W7 who works in a session that is moved goes on working`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        let run = try mounted.shell(
            """
            cd *shop/*ses_parent/messages; exec 3< *msg_parent.json
            mv ../../*ses_parent ../../../*other/; sleep 0.2
            pwd -P | grep -o '[a-z~]*other/.*'; ls; cat *msg_parent.json | cmp - <(cat <&3) && cat ../session.json | grep -c ses_parent
            sed -i 's/user/user/' *msg_parent.json && mv ../../*ses_parent ../../2026-11-18.New~ses_parent && sleep 0.2 && cat *.json | wc -l
            pwd -P | grep -o '2026[^/]*'
            """)
        #expect(run.status == 0 && run.errors == "", "\(run.errors)")
        #expect(run.lines.first?.hasSuffix("other/2026-11-18.Fix-the-login~ses_parent/messages") == true, "\(run.text)")
        #expect(run.lines.last == "2026-11-18.New~ses_parent", "\(run.text)")
    }

    @Test(arguments: TestFamily.plain)
    func `W7 what has its place by its nature is not moved`(family: TestFamily) throws {
        let mounted = try Self.mounted(family)
        for line in [
            "mv $S/messages/*msg_parent.json $O/*ses_stays/messages/", "mv $S/children/*ses_child $O/",
            "mv $O/*ses_stays $S/children/", "mv $S $P/2026-11-18.Fix~ses_another", "mv $O $P", "mv $P another",
            "mv $S/messages $S/other", "mv $S/messages/*msg_parent.json $S/messages/000009.user~msg_another.json",
            "mv $S/session.json $O/*ses_stays/session.json", "ln $S/session.json $S/link", "ln -s x $S/link",
        ] {
            #expect(try changes(line, in: mounted, status: 1) == [:], "\(line)")
        }
        #expect(try mounted.shell("find . -mindepth 2 -name '*~ses_*' | wc -l").lines == ["3"])
    }
}
