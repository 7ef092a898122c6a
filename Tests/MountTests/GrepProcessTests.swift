import Foundation
import SQL
import TestSupport
import Testing

/// How `opencodefs grep` works with grep: what it is told, and what becomes of what it prints.
@Suite struct GrepProcessTests {
    /// Some hundred messages in several batches, the first of them no text.
    private static func large() throws -> MountedHistory {
        try MountedHistory(.v1) { rows in
            try rows.project("shop")
            try rows.session(SQLValue("ses_1"), title: SQLValue("A title of mine"))
            let long = [UInt8](repeating: UInt8(ascii: "x"), count: 700_000)
            for number in 0..<9 {
                // Of one line, and not the same of any two.
                let text = number < 3 ? long + [0xff] : Array("between\nneedle \(number)\nbetween\n".utf8) + long
                try rows.message(
                    SQLValue("msg_\(number)"), in: SQLValue("ses_1"), SQLValue("{}"), type: SQLValue("user"),
                    parts: [(SQLValue("prt_\(number)"), .text(Array("needle\n".utf8) + text))])
            }
        }
    }

    @Test func `C3 groups of lines are set off as by one grep, also where the first files found are no text`() throws {
        let mounted = try Self.large()
        for words in [
            ["-n", "-A", "1"], ["-1", "-h"], ["-C", "1", "--color=always"], ["-1", "-z"], ["-1", "-I"], ["-1", "-o"],
        ] {
            let (ours, theirs) = try GrepTests.outcomes(mounted, words + ["needle"])
            #expect(ours == theirs, "grep \(words)")
        }
    }

    @Test func `no name of the tree is in the list of processes while grep runs`() throws {
        let mounted = try MountedHistory(demo: .v1, sessions: 8, messages: 400)
        let programs = try mounted.sandbox.directory.directory("programs")
        let told = mounted.sandbox.path + "/told"
        let script = "#!/bin/sh\nprintf '%s\\n' \"$@\" >> '\(told)'\nexec /usr/bin/grep \"$@\"\n"
        try Data(script.utf8).write(to: URL(filePath: programs + "/grep"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: programs + "/grep")
        let run = try mounted.command("PATH='\(programs)':$PATH opencodefs grep --database \"$DB\" -l -C 1 -e e")
        #expect(run.lines.count > 400)
        let words = try String(contentsOfFile: told, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(words.count > 400)
        let known: Set<String> = ["-q", "-l", "-C", "1", "-e", "e", "--", "-H", "/dev/null"]
        for word in words where !known.contains(word) {
            #expect(word.wholeMatch(of: /[a-z2-7]{13}[0-9]{4}/) != nil, "\(word)")
        }
    }

    @Test func `C3 a text of the shape of grep's own words stays as it is`() throws {
        let mounted = try MountedHistory(.v1) { rows in
            try rows.project("shop")
            try rows.session(SQLValue("ses_1"))
            try rows.message(
                SQLValue("msg_1"), in: SQLValue("ses_1"),
                SQLValue(#"{"text":"abcdefghijklm0000: binary file matches -- aaaaaaaaaaaaa0001"}"#),
                type: SQLValue("user"), parts: [])
        }
        for words in [["matches"], ["-o", "[a-z0-9]*"], ["-Z", "-o", "."]] {
            let (ours, theirs) = try GrepTests.outcomes(mounted, words)
            #expect(ours == theirs, "grep \(words)")
        }
    }

    @Test func `C3 what cannot be printed is an error, as it is to grep`() throws {
        let mounted = try MountedHistory(demo: .v1)
        let ours = try mounted.command("opencodefs grep --database \"$DB\" e > /dev/full")
        let theirs = try mounted.shell("grep -r e . > /dev/full")
        #expect(ours.status == 2 && theirs.status == 2)
        #expect(
            ours.errors == "opencodefs: grep: cannot write what was found: No space left on device\n", "\(ours.errors)")
    }

    @Test func `patterns come from files and from standard input`() throws {
        let mounted = try MountedHistory(demo: .v2)
        let file = mounted.sandbox.path + "/patterns"
        for (patterns, words) in [
            ("the\nof\n", ["-c"]), ("", ["-l"]), ("", ["-L"]), ("\n", ["-c"]), ("the", ["-l", "-F"]),
            ("a\\|b\n", ["-c"]),
            ("connection\nretry\n", ["-l", "-i", "-e", "pool"]),
        ] {
            try Data(patterns.utf8).write(to: URL(filePath: file))
            let (ours, theirs) = try GrepTests.outcomes(mounted, words + ["-f", file])
            #expect(ours == theirs, "grep \(words) of \(patterns)")
        }
        // What is no UTF-8 can only come so.
        try Data([0xff, 0x0a]).write(to: URL(filePath: file))
        let (ours, theirs) = try GrepTests.outcomes(mounted, ["-c", "-f", file], locale: "C")
        #expect(ours == theirs)
        let piped = try mounted.command("printf 'the\\n' | opencodefs grep --database \"$DB\" -c -f -")
        #expect(piped.text == (try GrepTests.outcomes(mounted, ["-c", "the"]).theirs.text))
        let missing = try mounted.command("opencodefs grep --database \"$DB\" -f nowhere")
        #expect(missing.status == 2 && missing.errors.contains("nowhere: No such file or directory"))
    }

    @Test func `what grep cannot be told here is refused in a line`() throws {
        let mounted = try MountedHistory(demo: .v1)
        for (words, remedy) in [("-d skip x", "--exclude-dir"), ("-e \"$(printf '\\377')\"", "-f")] {
            let run = try mounted.command("opencodefs grep --database \"$DB\" \(words)")
            #expect(run.status == 2 && run.output.isEmpty, "\(words)")
            #expect(run.errors.split(separator: "\n").count == 1 && run.errors.contains(remedy), "\(run.errors)")
        }
    }
}
