import Foundation
import SQL
import TestSupport
import Testing

/// `opencodefs grep` against GNU grep, which reads the same files through a mount.
@Suite struct GrepTests {
    /// How a search ended.
    struct Outcome: Equatable {
        let status: Int32
        let output: [UInt8]
        let errors: String

        var text: String { String(decoding: output, as: UTF8.self) }

        init(_ run: Run) {
            status = run.status
            output = run.output
            // Who says it is not the same.
            errors = run.errors.replacingOccurrences(of: "opencodefs grep: ", with: "grep: ")
        }
    }

    static func outcomes(
        _ mounted: borrowing MountedHistory, _ words: [String], locale: String = "C.UTF-8"
    ) throws -> (ours: Outcome, theirs: Outcome) {
        let environment = mounted.sandbox.environment.merging(["LC_ALL": locale]) { $1 }
        let ours = try Run.opencodefs(
            ["grep", "--database", mounted.database.path] + words, in: mounted.sandbox.path + "/work",
            environment: environment)
        let theirs = try Run.program("grep", ["-r"] + words, in: mounted.mountpoint, environment: environment)
        return (Outcome(ours), Outcome(theirs))
    }

    // MARK: Hostile texts

    private static let pieces: [[UInt8]] =
        [
            "rate limit", "Rate Limit", "RATE-LIMIT", "kelvin", "\u{212a}elvin", "\u{17f}ession", "session",
            "\u{130}stanbul", "istanbul", "\u{131}", "東京", "東京都", "Zürich", "ZÜRICH", "e\u{301}", "é", "🦊", "foo(bar)",
            "a.b*c", "x[0]", "C:\\\\Users", "\\n", "\\\"quoted\\\"", "null", "true", "12345", "1e5", "tool", "part",
            "parts", "msg_1", "ses_2", "\"role\":\"user\"", "}", "{", "]}", ",", ":", " ", "\t", "\r\n", "\n", "  ",
            "aaaa", "ab", "the quick brown fox", "\u{feff}", "\u{2028}",
        ].map { Array($0.utf8) } + [[0], [0xff], [0xc3], [0xe6, 0x9d], [0x80]]

    /// - Parameter isLong: whether some are so long that grep reads them in several pieces. Then none has a NUL: whether grep sees
    ///   one in time to call the file binary depends on how long the lines of files were that it has read before.
    private static func text(_ random: inout SeededGenerator, _ family: TestFamily, isLong: Bool) -> SQLValue {
        var bytes: [UInt8] = []
        if Int.random(in: 0..<10, using: &random) == 0 { return SQLValue("") }
        let isJSON = Bool.random(using: &random)
        if isJSON { bytes += #"{"type":"text","text":""#.utf8 }
        for _ in 0..<Int.random(in: 0..<30, using: &random) {
            let piece = pieces.randomElement(using: &random) ?? []
            bytes += isLong ? piece.filter { $0 != 0 } : piece
            if Bool.random(using: &random) { bytes.append(0x20) }
        }
        if isLong, Int.random(in: 0..<20, using: &random) == 0 { bytes += [UInt8](repeating: 0x78, count: 300_000) }
        if isJSON { bytes += #""}"#.utf8 }
        return Int.random(in: 0..<20, using: &random) == 0 && family.holdsAnything ? .blob(bytes) : .text(bytes)
    }

    private static func hostile(_ family: TestFamily, seed: UInt64) throws -> MountedHistory {
        var random = SeededGenerator(seed: seed)
        let isLong = seed % 2 == 0
        return try MountedHistory(family) { rows in
            var rows = rows
            rows.skipsRefused = true
            try rows.project("shop")
            for session in 0..<8 {
                let parent: SQLValue = session % 4 == 3 ? SQLValue("ses_\(session - 1)") : .null
                try rows.session(
                    SQLValue("ses_\(session)"), title: .text(pieces.dropLast(5).randomElement(using: &random) ?? []),
                    parent: parent
                )
                for number in 0..<Int.random(in: 0...8, using: &random) {
                    // Some ids that JSON writes in another way than they are.
                    let odd = ["", "", "", "", " quick", "\"kelvin", "\\fox", "\n東京", "~rate limit"]
                    let id = "msg_\(session)_\(number)\(odd.randomElement(using: &random) ?? "")"
                    let type = ["user", "assistant", "rate limit", "\"tool\""].randomElement(using: &random) ?? ""
                    try rows.message(
                        SQLValue(id), in: SQLValue("ses_\(session)"), text(&random, family, isLong: isLong),
                        type: SQLValue(type),
                        parts: (0..<Int.random(in: 0...3, using: &random)).map {
                            (SQLValue("prt_\(session)_\(number)_\($0)"), text(&random, family, isLong: isLong))
                        })
                }
            }
        }
    }

    // MARK: Random searches

    /// A regular expression made of what the texts are made of, in one of grep's three languages, or a mere string.
    private static func pattern(_ random: inout SeededGenerator, _ syntax: String) -> String {
        func literal() -> String {
            var text = String(decoding: pieces.randomElement(using: &random) ?? [], as: UTF8.self)
                .filter { $0 != "\0" && $0 != "\n" && $0 != "\r\n" && $0 != "\u{fffd}" }
            if text.count > 2, Bool.random(using: &random) {
                text = String(
                    text.dropFirst(Int.random(in: 0...1, using: &random)).dropLast(
                        Int.random(in: 0...1, using: &random)))
            }
            return text
        }
        if syntax == "-F" { return literal() + (Int.random(in: 0..<4, using: &random) == 0 ? "\n" + literal() : "") }
        let special: Set<Character> = syntax == "-G" ? [".", "*", "[", "]", "^", "$", "\\"] : Set(".*[]^$\\(){}|+?")
        func quoted() -> String { literal().map { special.contains($0) ? "\\\($0)" : "\($0)" }.joined() }
        let (open, close, or) = syntax == "-G" ? ("\\(", "\\)", "\\|") : ("(", ")", "|")
        let quantifiers =
            syntax == "-G"
            ? ["*", "\\?", "\\+", "\\{1,2\\}", "\\{0,1\\}"] : ["*", "?", "+", "{1,2}", "{0}", "+?", "{2}"]
        var pattern = ""
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<5: pattern += quoted()
            case 5: pattern += quoted() + (quantifiers.randomElement(using: &random) ?? "")
            case 6: pattern += open + quoted() + or + quoted() + close
            case 7: pattern += open + quoted() + close + (quantifiers.randomElement(using: &random) ?? "")
            case 8: pattern += or + quoted()
            case 9: pattern += ["[a-k]", "[^x]", "[[:space:]]", "[]x]", "[^]]"].randomElement(using: &random) ?? ""
            case 10: pattern += [".", ".*", "\\w", "\\b", "\\s", "^", "$"].randomElement(using: &random) ?? ""
            default:
                pattern +=
                    syntax == "-P"
                    ? ["(?i)", "(?:x)?", "\\d+", "(?=a)", "(?i:RATE)", "\\Qa.b\\E", "\\x41?", "(?<n>t)"]
                        .randomElement(using: &random) ?? ""
                    : quoted()
            }
        }
        return pattern
    }

    /// - Parameter file: to put patterns into.
    private static func words(_ random: inout SeededGenerator, _ file: String) throws -> [String] {
        let syntax = ["-G", "-E", "-F", "-P"].randomElement(using: &random) ?? ""
        var words = [syntax]
        let options: [[String]] = [
            ["-i"], ["-i"], ["-w"], ["-x"], ["-l"], ["-L"], ["-c"], ["-n"], ["-o"], ["-v"], ["-h"], ["-H"], ["-q"],
            ["-b"], ["-a"], ["-z"], ["-Z"], ["-T"], ["-m", "1"], ["-A", "1"], ["-B", "1"], ["-C", "1"],
            ["--color=always"], ["--color"], ["--binary-files=without-match"], ["--no-group-separator"], ["-I"], ["-y"],
            ["-U"], ["-u"], ["-1"], ["-n2"], ["-1", "-0"], ["-s"], ["--line-buffered"], ["-R"], ["-d", "recurse"],
            ["--include=*.json"], ["--include=0000*"], ["--exclude=*user*"], ["--exclude=*[24].json"],
            ["--exclude=session.json"], ["--exclude-dir=ses_*1"], ["--exclude-dir=messages"], ["--exclude-dir=.open*/"],
        ]
        for _ in 0..<Int.random(in: 0...3, using: &random) { words += options.randomElement(using: &random) ?? [] }
        if Int.random(in: 0..<5, using: &random) == 0 {
            let end = ["", "\n"].randomElement(using: &random) ?? ""
            try Data((pattern(&random, syntax) + end).utf8).write(to: URL(filePath: file))
            words += ["-f", file]
        } else {
            words += ["-e", pattern(&random, syntax)]
        }
        if syntax != "-P", Int.random(in: 0..<4, using: &random) == 0 { words += ["-e", pattern(&random, syntax)] }
        return words
    }

    @Test(arguments: TestFamily.plain, [UInt64](1...2))
    func `C3 grep prints what GNU grep prints of a mount, whatever is looked for`(family: TestFamily, seed: UInt64)
        throws
    {
        let mounted = try Self.hostile(family, seed: seed)
        var random = SeededGenerator(seed: seed &* 977 &+ 13)
        var (hits, searches) = (0, 0)
        for _ in 0..<40 {
            let words = try Self.words(&random, mounted.sandbox.path + "/patterns")
            let (ours, theirs) = try Self.outcomes(
                mounted, words, locale: Int.random(in: 0..<4, using: &random) == 0 ? "C" : "C.UTF-8")
            #expect(ours == theirs, "grep \(words)")
            searches += 1
            if theirs.status == 0 { hits += 1 }
        }
        // Neither nothing nor everything was found.
        #expect(hits > searches / 10 && hits < searches)
    }

    @Test(arguments: TestFamily.plain)
    func `C3 grep finds every word that any file of a hostile history has`(family: TestFamily) throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
        try AwkwardHistory.write(to: database)
        let mounted = try MountedHistory(sandbox, database, [])
        for words in [
            ["-l", "東京"], ["-il", "ROLE"], ["-c", "role"], ["-o", "msg_[a-z_0-9]*"], ["-F", "not mine"], ["-l", "us"],
            ["-L", "user"], ["-n", "two lines"], ["-c", "0123456789"], ["-l", "line"], ["-l", "bell"], ["-l", "xxxxx"],
            ["-h", "title"], ["-l", "stale"], ["-i", "zürich"], ["-l", "foreign"], ["-c", ""], ["-vc", "x"],
        ] {
            let (ours, theirs) = try Self.outcomes(mounted, words)
            #expect(ours == theirs, "grep \(words)")
        }
    }

    @Test func `C3 grep looks at many files in the order and with the separators of one grep`() throws {
        let mounted = try MountedHistory(demo: .v1, sessions: 30, messages: 2_000)
        for words in [
            ["-C", "1", "-n", "prt_"], ["-A", "1", "assistant"], ["-l", "user"], ["-c", "tool"],
            ["-m", "1", "-B", "2", "text"],
            ["--group-separator=##", "-C", "1", "-o", "role"],
        ] {
            let (ours, theirs) = try Self.outcomes(mounted, words)
            #expect(ours == theirs, "grep \(words)")
            #expect(theirs.output.count > 100)
        }
    }

    @Test func `C3 grep takes paths as grep -r does`() throws {
        let mounted = try MountedHistory(demo: .v2)
        let session = try mounted.relative(
            mounted.session(
                String(try mounted.command("opencodefs list -d \"$DB\"").text.prefix { $0 != "\t" })))
        let project = String(session.split(separator: "/")[0])
        let message = try #require(try mounted.shell("find '\(session)/messages' -type f | head -1").lines.first)
        for paths in [
            ["."], ["./"], [project], [project + "/"], [session, project], [message], ["./" + message],
            [message, "README.md"],
            ["README.md"], [session + "/transcript.md"], [".opencodefs/by/latest"], [".opencodefs/by/latest/"],
            [".opencodefs/sessions"], ["nope"], ["nope", "README.md"], [session + "/messages/"], ["README.md/"],
            [".opencodefs/by/date"],
        ] {
            for words in [
                ["-n", "the"], ["-c", "e"], ["-l", "a"], ["-s", "the"], ["-R", "-c", "the"],
                ["-l", "e", "--exclude=*.md"], ["-l", "e", "--exclude-dir=messages/"],
                ["-l", "e", "--exclude-dir=\(project)"], ["-l", "e", "--include=README*", "--exclude=x"],
            ] {
                let (ours, theirs) = try Self.outcomes(mounted, words + paths)
                #expect(ours == theirs, "grep \(words + paths)")
            }
        }
    }

    @Test func `C3 grep says what it cannot do, with grep's own words and status`() throws {
        let mounted = try MountedHistory(demo: .v1)
        for words in [
            ["["], ["-E", "a{2,1}"], ["-P", "(?"], ["-m", "x", "a"], ["-E", "-P", "a"], ["--binary-files=x", "a"],
        ] {
            let (ours, theirs) = try Self.outcomes(mounted, words)
            #expect(ours.status == theirs.status && ours.status == 2, "grep \(words)")
            #expect(ours.errors == theirs.errors && ours.output.isEmpty, "grep \(words)")
        }
        for words in [[], ["--nonsense", "x"], ["x", "/etc"], ["x", "../.."]] {
            let run = try Run.opencodefs(
                ["grep", "--database", mounted.database.path] + words, environment: mounted.sandbox.environment)
            #expect(run.status == 2, "\(words)")
            #expect(run.output.isEmpty && run.errors.hasPrefix("opencodefs: grep: "), "\(run.errors)")
        }
    }

    @Test func `what grep copies is gone when it ends, also by a signal`() throws {
        let mounted = try MountedHistory(demo: .v1, sessions: 20, messages: 1_000)
        let place = try mounted.sandbox.directory.directory("run")
        func left() throws -> [String] { try File.names(in: place) }
        let environment = "TMPDIR='\(place)'"
        #expect(try mounted.command("\(environment) opencodefs grep --database \"$DB\" -c e").status == 0)
        #expect(try left() == [])
        // Who reads no more ends it.
        let cut = try mounted.command(
            "\(environment) opencodefs grep --database \"$DB\" e | head -c 100 | wc -c; echo ${PIPESTATUS[0]}")
        #expect(cut.lines == ["100", "141"])
        #expect(try left() == [])
        for signal in ["INT", "TERM"] {
            let run = try mounted.command(
                "\(environment) opencodefs grep --database \"$DB\" e > out & sleep 0.05; kill -\(signal) $!; wait $!; echo $?"
            )
            let expected = signal == "INT" ? ["0", "130"] : ["0", "143"]
            #expect(expected.contains(run.text.trimmingCharacters(in: .whitespacesAndNewlines)), "\(run.text)")
            #expect(try left() == [])
        }
        // What is killed leaves it to the next; what another still uses stays, and what is not ours.
        let busy = try mounted.command(
            """
            \(environment); export TMPDIR; mkdir "$TMPDIR/opencodefs-other" "$TMPDIR/opencodefs-grep.killed"
            touch "$TMPDIR/opencodefs-grep.killed/text"; (opencodefs grep --database "$DB" e; echo $? >&2) | (
            read -r line; opencodefs grep --database "$DB" -q e; echo $?; ls "$TMPDIR" | sed 's/[.].*//'; cat > /dev/null)
            """)
        #expect(busy.lines == ["0", "opencodefs-grep", "opencodefs-other"], "\(busy.text)")
        #expect(busy.errors == "0\n")
        #expect(try left() == ["opencodefs-other"])
    }
}
