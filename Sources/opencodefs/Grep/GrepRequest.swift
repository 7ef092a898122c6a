internal import Client
internal import SessionStore

/// What somebody asks of grep, in the words of GNU grep.
struct GrepRequest {
    /// All that grep is to be told, the patterns among it.
    let words: [String]
    /// Paths in the tree; none for all of it.
    let paths: [String]
    /// Words of which every file with a match holds one; nil where all files have to be looked at.
    let needles: [SoughtWord]?
    /// Whether files without a match are told of too (-c, -L): they may be empty ones.
    let tellsOfAll: Bool
    /// Whether lines of context may be set off from those of the file before.
    let hasSeparators: Bool
    let isQuiet: Bool
    /// Whether nothing is said of files that cannot be read.
    let isSilent: Bool

    init(_ arguments: Arguments) throws(CommandFailure) {
        var paths = arguments.operands
        var patterns = arguments.all(GrepOptions.pattern)
        if patterns.isEmpty {
            guard !paths.isEmpty else {
                throw CommandFailure(.usage, "grep: for what? name a PATTERN; see: opencodefs grep --help")
            }
            patterns = [paths.removeFirst()]
        }
        if let path = paths.first(where: { $0.utf8.first == UInt8(ascii: "/") || TreePath($0).steps.contains(.parent) })
        {
            throw CommandFailure(
                .usage, "grep: \(path): name a path from the root of the tree on, without .. and a slash before it")
        }
        self.paths = paths
        var words: [String] = []
        var syntax = SearchPattern.Syntax.basic
        var isFolding = false
        for (option, value) in arguments.sequence where GrepOptions.passed.contains(where: { $0.name == option.name }) {
            switch option.name {
            case GrepOptions.basic.name: syntax = .basic
            case GrepOptions.extended.name: syntax = .extended
            case GrepOptions.fixed.name: syntax = .fixed
            case GrepOptions.perl.name: syntax = .perl
            case GrepOptions.ignoresCase.name: isFolding = true
            case GrepOptions.minds.name: isFolding = false
            default: break
            }
            words += Self.spelled(option, value)
        }
        for pattern in patterns { words += ["-e", pattern] }
        self.words = words
        isQuiet = arguments.has(GrepOptions.quiet)
        isSilent = arguments.has(GrepOptions.silent)
        let tellsOfAll = arguments.has(GrepOptions.count) || arguments.has(GrepOptions.listsOthers)
        self.tellsOfAll = tellsOfAll && !isQuiet
        hasSeparators =
            !tellsOfAll && !isQuiet && !arguments.has(GrepOptions.lists)
            && GrepOptions.contexts.contains { arguments.has($0) }
        var needles: [SoughtWord]? = arguments.has(GrepOptions.inverts) || !System.hasPlainCharacters ? nil : []
        for pattern in patterns {
            let found = SearchPattern(text: Array(pattern.utf8), syntax: syntax, isFolding: isFolding).words
            needles = found.flatMap { found in needles.map { $0 + found } }
        }
        self.needles = needles
    }

    /// As grep is told: by the letter, where there is one.
    private static func spelled(_ option: CommandOption, _ value: String) -> [String] {
        guard let letter = option.letter else {
            return ["--\(option.name)" + (option.argument == nil ? "" : "=\(value)")]
        }
        return ["-\(letter)"] + (option.argument == nil ? [] : [value])
    }
}

/// The options of GNU grep that make sense in a tree without devices, by its own names.
enum GrepOptions {
    static let pattern = CommandOption("regexp", "e", argument: "PATTERN", help: "look for this; may be given again")
    static let extended = CommandOption("extended-regexp", "E", help: "PATTERN is an extended regular expression")
    static let fixed = CommandOption("fixed-strings", "F", help: "PATTERN is a string")
    static let basic = CommandOption("basic-regexp", "G", help: "PATTERN is a basic regular expression (default)")
    static let perl = CommandOption("perl-regexp", "P", help: "PATTERN is a Perl-compatible regular expression")
    static let ignoresCase = CommandOption("ignore-case", "i", help: "upper and lower case are the same")
    static let minds = CommandOption("no-ignore-case", help: "they are not (default)")
    static let inverts = CommandOption("invert-match", "v", help: "lines that do not match")
    static let count = CommandOption("count", "c", help: "how many lines of each file match")
    static let lists = CommandOption("files-with-matches", "l", help: "names of files with a match")
    static let listsOthers = CommandOption("files-without-match", "L", help: "names of files without one")
    static let quiet = CommandOption("quiet", "q", help: "print nothing; the status says whether anything matches")
    static let silent = CommandOption("no-messages", "s", help: "say nothing of what cannot be read")
    static let contexts = [
        CommandOption("after-context", "A", argument: "NUM", help: "and as many lines behind it"),
        CommandOption("before-context", "B", argument: "NUM", help: "and as many lines before it"),
        CommandOption("context", "C", argument: "NUM", help: "and as many lines on both sides"),
    ]
    static let recursive = CommandOption("recursive", "r", hidden: true, help: "")

    /// What grep is told as it stands; it knows what they mean together.
    static let passed: [CommandOption] =
        [
            extended, fixed, basic, perl, ignoresCase, minds,
            CommandOption("word-regexp", "w", help: "whole words"),
            CommandOption("line-regexp", "x", help: "whole lines"),
            inverts, count, lists, listsOthers,
            CommandOption("only-matching", "o", help: "the parts of lines that match"),
            CommandOption("line-number", "n", help: "with numbers of lines"),
            CommandOption("byte-offset", "b", help: "with the place in the file"),
            CommandOption("with-filename", "H", help: "with the names of files"),
            CommandOption("no-filename", "h", help: "without them"),
        ] + contexts + [
            CommandOption("max-count", "m", argument: "NUM", help: "stop in a file after as many lines"),
            quiet, silent,
            CommandOption("text", "a", help: "every file is text"),
            CommandOption("binary-files", argument: "TYPE", help: "what to do with files that are none"),
            CommandOption("null", "Z", help: "a NUL behind names of files"),
            CommandOption("null-data", "z", help: "lines end with NUL"),
            CommandOption("initial-tab", "T", help: "a tab before each line"),
            CommandOption("group-separator", argument: "TEXT", help: "between groups of lines (--)"),
            CommandOption("no-group-separator", help: "nothing between them"),
            CommandOption("color", argument: "WHEN", help: "always or never"),
        ]
}
