import Foundation
import TestSupport
import Testing

/// `ls`, `cat`, `put`, `rm` and `mv` of the program: the same as those of the shell do on a mount.
@Suite struct CommandsWithoutMountTests {
    private static func awkward(_ family: TestFamily, _ arguments: [String] = []) throws -> MountedHistory {
        let sandbox = try Sandbox()
        let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
        try AwkwardHistory.write(to: database)
        return try MountedHistory(sandbox, database, arguments)
    }

    @Test(arguments: TestFamily.allCases)
    func `C1 ls -R and cat tell what they tell of a mount`(family: TestFamily) throws {
        let mounted = try Self.awkward(family)
        let names = try mounted.command("opencodefs ls -d \"$DB\" -R")
        #expect(names.status == 0 && names.errors.isEmpty, "\(names.errors)")
        let expected = try mounted.shell("LC_ALL=C ls -R")
        #expect(names.text == expected.text)
        #expect(expected.lines.count > 100)
        // All files in one go, in one order.
        _ = try mounted.shell("find . -type f -printf '%P\\0' | LC_ALL=C sort -z > \"$HOME/files\"")
        let bytes = try mounted.command("xargs -0 opencodefs cat -d \"$DB\" -- < \"$HOME/files\"")
        #expect(bytes.status == 0 && bytes.errors.isEmpty, "\(bytes.errors)")
        #expect(bytes.output == (try mounted.shell("xargs -0 cat -- < \"$HOME/files\"")).output)
    }

    @Test(arguments: TestFamily.plain)
    func `N1 a path may name ids alone, and lead through links`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family)
        let session = try #require(try mounted.command("opencodefs list -d \"$DB\"").lines.first)
            .split(separator: "\t")[0]
        for (path, same) in [
            (".opencodefs/by/latest/transcript.md", ".opencodefs/sessions/\(session)/transcript.md"),
            (
                ".opencodefs/by/latest/session.json",
                String(try mounted.relative(mounted.session("\(session)"))) + "/session.json"
            ),
            (".opencodefs/by/../sessions//./\(session)/export.json", ".opencodefs/sessions/\(session)/export.json"),
        ] {
            let run = try mounted.command("opencodefs cat -d \"$DB\" '\(path)'")
            #expect(run.status == 0, "\(run.errors)")
            #expect(!run.output.isEmpty)
            #expect(run.output == (try mounted.shell("cat '\(same)'")).output, "\(path)")
        }
        let folder = try mounted.relative(mounted.session("\(session)"))
        let project = folder.split(separator: "/")[0]
        let run = try mounted.command("opencodefs ls -d \"$DB\" '\(project)/\(session)/messages'")
        #expect(run.lines == (try mounted.shell("LC_ALL=C ls '\(folder)/messages'")).lines)
        #expect(run.lines.count > 1)
    }

    @Test func `a word that a command has no use for is refused, and nothing is done`() throws {
        let mounted = try MountedHistory(demo: .v1)
        _ = try mounted.shell("rm \"$(find . -path '*/messages/*' | head -1)\"")
        let batches = try mounted.command("opencodefs trash -d \"$DB\"").lines
        try #require(batches.count == 1)
        let number = batches[0].prefix { $0.isNumber }
        for line in [
            "trash -d \"$DB\" --empty \(number)", "trash -d \"$DB\" \(number)", "restore -d \"$DB\" --last \(number)",
            "list -d \"$DB\" x", "where -d \"$DB\" x", "status / /", "umount --all x",
        ] {
            let run = try mounted.command("opencodefs \(line)")
            #expect(run.status == 2 && run.text == "", "\(line): \(run.text)")
            #expect(run.errors.contains("means nothing here; see: opencodefs \(line.prefix { $0 != " " }) --help"))
        }
        #expect(try mounted.command("opencodefs trash -d \"$DB\"").lines == batches)
        #expect(try mounted.shell("ls").lines.count > 1)
    }

    @Test func `what cannot be written is no success`() throws {
        let mounted = try MountedHistory(demo: .v1)
        for (line, status) in [
            ("cat README.md", 1), ("ls", 1), ("list", 1), ("list --json", 1), ("where", 1), ("search webhook", 2),
            ("search --json the", 2),
        ] {
            let words = line.split(separator: " ", maxSplits: 1)
            let rest = words.count > 1 ? words[1] : ""
            let run = try mounted.command("opencodefs \(words[0]) -d \"$DB\" \(rest) > /dev/full")
            #expect(run.status == status)
            #expect(run.errors == "opencodefs: \(words[0]): cannot write what was found: No space left on device\n")
        }
        // Who reads no further has what he wanted.
        let run = try mounted.command("opencodefs search -d \"$DB\" --json the | head -1")
        #expect(run.lines.count == 1 && run.errors == "", "\(run.errors)")
    }

    @Test func `C1 what is not there is said as the shell's own commands say it`() throws {
        let mounted = try MountedHistory(demo: .v1)
        for (line, status, errors) in [
            ("cat nope", 1, "opencodefs cat: nope: No such file or directory\n"),
            ("cat .opencodefs", 1, "opencodefs cat: .opencodefs: Is a directory\n"),
            ("cat README.md/x", 1, "opencodefs cat: README.md/x: Not a directory\n"),
            ("cat README.md/", 1, "opencodefs cat: README.md/: Not a directory\n"),
            ("ls nope", 2, "opencodefs ls: cannot access 'nope': No such file or directory\n"),
            ("rm nope", 1, "opencodefs rm: cannot remove 'nope': No such file or directory\n"),
            ("rm -f nope", 0, ""),
            ("rm global", 1, "opencodefs rm: cannot remove 'global': Is a directory\n"),
            ("rm -r .", 1, "opencodefs rm: refusing to remove '.' or '..' directory: skipping '.'\n"),
            ("mv nope x", 1, "opencodefs mv: cannot stat 'nope': No such file or directory\n"),
            (
                "put nope/x --from /dev/null", 1,
                "opencodefs put: nope/x: Invalid argument (an empty file is nothing that OpenCode could read; to remove it, use rm)\n"
            ),
            (
                "cat " + String(repeating: "x", count: 256), 1,
                "opencodefs cat: " + String(repeating: "x", count: 256) + ": File name too long\n"
            ),
        ] {
            let run = try mounted.command("opencodefs \(line) -d \"$DB\"")
            #expect(run.status == status, "\(line)")
            #expect(run.errors == errors, "\(line)")
            #expect(run.text.isEmpty, "\(line)")
        }
        #expect(try mounted.command("opencodefs cat -d ./nope.db x").status == 10)
    }

    @Test func `ls -l and --json tell mode, size, time and target`() throws {
        let mounted = try MountedHistory(demo: .v1)
        let session = try mounted.relative(
            mounted.session(
                String(try mounted.command("opencodefs list -d \"$DB\"").text.prefix { $0 != "\t" })))
        let run = try mounted.command("opencodefs ls -l -d \"$DB\" '\(session)'")
        let expected = try mounted.shell(
            "LC_ALL=C ls -l --time-style=+'%Y-%m-%d %H:%M' '\(session)' | sed -E '1d; s/^([^ ]+) +[0-9]+ +[^ ]+ +[^ ]+ +/\\1 /'"
        )
        func squeezed(_ lines: [String]) -> [String] { lines.map { $0.split(separator: " ").joined(separator: " ") } }
        #expect(squeezed(run.lines) == squeezed(expected.lines))
        let json = try mounted.command(
            "opencodefs ls --json -d \"$DB\" '\(session)' | jq -r '.entries[] | [.path, .kind, .size, .target] | @tsv'")
        let found = try mounted.shell(
            "LC_ALL=C ls '\(session)' | while read -r f; do p='\(session)'/$f; case $(stat -c %F \"$p\") in 'symbolic link') k=link;; directory) k=directory;; *) k=file;; esac; printf '%s\\t%s\\t%s\\t%s\\n' \"$p\" $k $(stat -c %s \"$p\") \"$(readlink \"$p\")\"; done"
        )
        #expect(json.lines == found.lines)
        #expect(json.status == 0)
    }

    @Test(arguments: TestFamily.plain)
    func `D2 D3 rm -r removes a session, and restore brings every byte back`(family: TestFamily) throws {
        let mounted = try RemovingTests.mounted(family)
        let path = try mounted.relative(mounted.session("ses_parent"))
        #expect(try mounted.shell("cp -r '\(path)' \"$HOME/before\"").status == 0)
        let rehearsal = try mounted.command("opencodefs rm -r -d \"$DB\" --dry-run '\(path)'")
        #expect(rehearsal.status == 0)
        #expect(rehearsal.lines.count == (try mounted.shell("find '\(path)' | wc -l")).text.trimmed.count())
        #expect(try mounted.shell("diff -r --no-dereference \"$HOME/before\" '\(path)'").status == 0)
        let run = try mounted.command("opencodefs rm -r -d \"$DB\" '\(path)'")
        #expect(run.status == 0 && run.errors.isEmpty && run.text.isEmpty, "\(run.errors)")
        // The mount sees it too.
        #expect(Sandbox.waits { !File.exists(mounted.path(path)) })
        // One batch, whose files can be looked at.
        let batches = try mounted.command("opencodefs ls -d \"$DB\" .opencodefs/trash").lines
        #expect(batches.count == 1)
        #expect(
            try mounted.command("opencodefs ls -d \"$DB\" '.opencodefs/trash/\(batches[0])/\(path)/messages'").lines
                .count > 0)
        #expect(try mounted.opencodefs("restore", "--last").status == 0)
        #expect(Sandbox.waits { File.exists(mounted.path(path)) })
        let difference = try mounted.shell("diff -r --no-dereference \"$HOME/before\" '\(path)'")
        #expect(difference.status == 0, "\(difference.text)")
    }

    @Test(arguments: TestFamily.files)
    func `D1 D2 rows are those that the same commands leave on a mount`(family: TestFamily) throws {
        let one = try RemovingTests.mounted(family)
        let other = try RemovingTests.mounted(family)
        let session = try one.relative(one.session("ses_parent"))
        #expect(try one.shell("rm -r '\(session)'").status == 0)
        #expect(try other.command("opencodefs rm -r -d \"$DB\" '\(session)'").status == 0)
        let difference = try Self.rows(one).difference(from: Self.rows(other))
        #expect(difference.isEmpty, "\(difference.map { "\($0)" })")
    }

    private static func rows(_ mounted: borrowing MountedHistory) throws -> [String] {
        let dump = try Run.program("sqlite3", [mounted.database.path, ".dump"])
        #expect(dump.status == 0 && !dump.lines.isEmpty)
        // A trigger of Go's says when it changed the session around, in seconds; goose, when the tables were made.
        return dump.lines.map {
            $0.replacing(#/\b1[78]\d{8}\b/#.wordBoundaryKind(.simple), with: "T")
                .replacing(#/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b/#.wordBoundaryKind(.simple), with: "T")
        }
    }

    @Test(arguments: TestFamily.plain)
    func `C2 W1 W2 W3 W4 put saves as a program on a mount does`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family)
        let session = String(try mounted.command("opencodefs list -d \"$DB\"").text.prefix { $0 != "\t" })
        let folder = try mounted.relative(mounted.session(session)) + "/messages"
        let path = folder + "/" + (try #require(mounted.command("opencodefs ls -d \"$DB\" '\(folder)'").lines.first))
        let put = "opencodefs put -d \"$DB\""
        // A trigger of Go's sets that (rule W4).
        let said = "sed -E 's/\"updated_at\":[0-9]+//'"
        #expect(
            try mounted.command(
                "opencodefs cat -d \"$DB\" '\(path)' > old.json && sed -E 's/\"text\":\"/\"text\":\"THE /' old.json > new.json && ! cmp -s old.json new.json"
            ).status == 0)
        // The same bytes are no change.
        #expect(try mounted.command("\(put) '\(path)' < old.json").status == 0)
        #expect(try mounted.command("opencodefs trash -d \"$DB\"").text.isEmpty)
        let saved = try mounted.command("\(put) --base old.json --from new.json '\(path)'")
        #expect(saved.status == 0 && saved.errors.isEmpty, "\(saved.errors)")
        #expect(
            try mounted.command("opencodefs cat -d \"$DB\" '\(path)' | \(said) | cmp - <(\(said) < new.json)").status
                == 0)
        // What the save replaced is in the trash.
        #expect(try mounted.command("opencodefs trash -d \"$DB\"").lines.count == 1)
        // Somebody else was quicker: nothing is overwritten, and nothing is lost.
        let conflict = try mounted.command(
            "sed 's/THE /tHe /g' new.json > third.json; \(put) --base old.json --from third.json '\(path)'")
        #expect(conflict.status == 1)
        #expect(
            conflict.errors.contains("Stale file handle (it is not what --base says any more; read it again; what was"))
        #expect(
            try mounted.command("opencodefs cat -d \"$DB\" '\(path)' | \(said) | cmp - <(\(said) < new.json)").status
                == 0)
        #expect(
            try mounted.command(
                "opencodefs cat -d \"$DB\" .opencodefs/conflicts/$(opencodefs ls -d \"$DB\" .opencodefs/conflicts | head -1) | cmp - third.json"
            ).status == 0)
        // What OpenCode could not read is refused, kept, and explained.
        let refused = try mounted.command("echo '{' | \(put) '\(path)'")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("Invalid argument (the text stops being JSON at line 2"), "\(refused.errors)")
        #expect(try mounted.command("opencodefs ls -d \"$DB\" .opencodefs/rejected").lines.count == 2)
        #expect(
            try mounted.command("opencodefs cat -d \"$DB\" '\(path)' | \(said) | cmp - <(\(said) < new.json)").status
                == 0)
        // A temporary file would be gone with the command.
        let fleeting = try mounted.command(
            "\(put) '\(folder)/notes.txt' < old.json; opencodefs mv -d \"$DB\" '\(path)' '\(folder)/backup~'")
        #expect(fleeting.status == 1)
        #expect(fleeting.errors.split(separator: "\n").count == 2)
        #expect(fleeting.errors.contains("Operation not permitted (nothing of the history has such a name"))
        #expect(
            try mounted.command("opencodefs cat -d \"$DB\" '\(path)' | \(said) | cmp - <(\(said) < new.json)").status
                == 0)
    }

    @Test(arguments: TestFamily.files)
    func `W5 put --parents makes a session of its files`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family)
        let session = String(try mounted.command("opencodefs list -d \"$DB\"").text.prefix { $0 != "\t" })
        let source = try mounted.relative(mounted.session(session))
        #expect(
            try mounted.command("cp -r '\(mounted.path(source))' ./copy && opencodefs rm -r -d \"$DB\" '\(source)'")
                .status == 0)
        for file in ["session.json"]
            + (try File.names(in: mounted.sandbox.path + "/work/copy/messages").sorted().map { "messages/" + $0 })
        {
            let run = try mounted.command(
                "opencodefs put --parents -d \"$DB\" --from './copy/\(file)' '\(source)/\(file)'")
            #expect(run.status == 0, "\(file): \(run.errors)")
        }
        #expect(Sandbox.waits { File.exists(mounted.path(source)) })
        let difference = try mounted.shell(
            "diff -r --no-dereference '\(mounted.sandbox.path)/work/copy/messages' '\(source)/messages'")
        #expect(difference.status == 0, "\(difference.text)")
    }

    @Test(arguments: TestFamily.typeScript)
    func `W7 mv archives a session, gives it a title and takes it back`(family: TestFamily) throws {
        let mounted = try RemovingTests.mounted(family)
        let path = try mounted.relative(mounted.session("ses_parent"))
        let project = path.split(separator: "/")[0]
        let archive = try mounted.command("opencodefs mv --parents -d \"$DB\" '\(path)' '\(project)/archived/'")
        #expect(archive.status == 0, "\(archive.errors)")
        let name = path.split(separator: "/").last ?? ""
        #expect(try mounted.command("opencodefs ls -d \"$DB\" '\(project)/archived'").lines.contains(String(name)))
        let back = try mounted.command(
            "opencodefs mv -d \"$DB\" '\(project)/archived/ses_parent' '\(project)/2026-01-01.other-words~ses_parent'")
        #expect(back.status == 0, "\(back.errors)")
        #expect(
            try mounted.command(
                "opencodefs list -d \"$DB\" --json | jq -r '.sessions[] | select(.id == \"ses_parent\") | .title'"
            ).text == "other-words\n")
    }

    @Test func `D3 mv out of the trash undoes a removal`() throws {
        let mounted = try RemovingTests.mounted(.v1)
        let path = try mounted.relative(mounted.session("ses_parent"))
        #expect(try mounted.command("opencodefs rm -r -d \"$DB\" '\(path)'").status == 0)
        let batch = try #require(try mounted.command("opencodefs ls -d \"$DB\" .opencodefs/trash").lines.first)
        let project = path.split(separator: "/")[0]
        let run = try mounted.command("opencodefs mv -d \"$DB\" '.opencodefs/trash/\(batch)/\(path)' '\(project)/'")
        #expect(run.status == 0, "\(run.errors)")
        #expect(Sandbox.waits { File.exists(mounted.path(path)) })
    }

    @Test func `C1 a command that only reads changes nothing, not even a state directory`() throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(demo: .v1, at: sandbox.path + "/opencode.db", sessions: 3, messages: 10)
        for line in [["ls", "-lR"], ["cat", "README.md"], ["list"], ["rm", "-r", "--dry-run", "global"]] {
            let run = try sandbox.opencodefs([line[0], "--database", database.path] + line.dropFirst())
            #expect(run.status == 0 || line[0] == "rm", "\(run.errors)")
        }
        #expect(!File.exists(sandbox.path + "/state/opencodefs"))
    }

    @Test func `list tells sessions, the newest first, in lines that nothing in a title breaks`() throws {
        let mounted = try Self.awkward(.v1)
        let lines = try mounted.command("opencodefs list -d \"$DB\"").text.split(
            separator: "\n", omittingEmptySubsequences: false
        ).dropLast()
        #expect(lines.allSatisfy { $0.split(separator: "\t", omittingEmptySubsequences: false).count == 4 })
        let json = try mounted.command(
            "opencodefs list -d \"$DB\" --json | jq -r '.sessions | length, (map(.updated) == (map(.updated) | sort | reverse))'"
        )
        #expect(json.lines == ["\(lines.count)", "true"])
        // Each path leads to its session.
        let paths = try mounted.command(
            "opencodefs list -d \"$DB\" --json | jq -j '.sessions[] | .path + \"/session.json\\u0000\"' | xargs -0 opencodefs cat -d \"$DB\" | grep -c '\"id\"'"
        )
        #expect(paths.status == 0, "\(paths.errors)")
        #expect(Int(paths.text.trimmed) ?? 0 >= lines.count)
        #expect(
            try mounted.command("opencodefs list -d \"$DB\" --project global").lines.allSatisfy {
                $0.contains("\tglobal\t")
            })
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
    fileprivate func count() -> Int { Int(self) ?? -1 }
}
