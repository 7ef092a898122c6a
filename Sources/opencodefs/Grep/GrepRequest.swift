internal import Client
internal import SessionStore

/// What somebody asks of grep, in the words of GNU grep.
struct GrepRequest {
    /// All that grep is to be told, but for ``patternFiles``.
    let words: [String]
    /// Patterns that were read from files, each file's with its line ends.
    let patternFiles: [[UInt8]]
    /// Paths in the tree; none for all of it.
    let paths: [String]
    /// Which names are left out.
    let scope: GrepScope
    /// Whether links are followed wherever they are met.
    let followsLinks: Bool
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
        guard System.hasReadableArguments else {
            throw CommandFailure(
                .usage, "grep: what is to be looked for is no UTF-8: put it into a file, and name that with -f")
        }
        if let action = arguments[GrepOptions.directories], action != "recurse" {
            throw CommandFailure(
                .usage, "grep: -d \(action): directories are searched; name files, or use --exclude-dir")
        }
        var paths = arguments.operands
        var patterns = arguments.all(GrepOptions.pattern)
        var files: [[UInt8]] = []
        for path in arguments.all(GrepOptions.file) { files.append(try Self.contents(path)) }
        if patterns.isEmpty, files.isEmpty {
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
        (self.paths, patternFiles) = (paths, files)
        var reading = Reading()
        for (option, value, word) in arguments.sequence { try reading.take(option, value, word) }
        words = reading.words + patterns.flatMap { ["-e", $0] }
        scope = reading.scope
        followsLinks = arguments.has(GrepOptions.dereferences)
        isQuiet = arguments.has(GrepOptions.quiet)
        isSilent = arguments.has(GrepOptions.silent)
        let tellsOfAll = arguments.has(GrepOptions.count) || arguments.has(GrepOptions.listsOthers)
        self.tellsOfAll = tellsOfAll && !isQuiet
        hasSeparators = !tellsOfAll && !isQuiet && !arguments.has(GrepOptions.lists) && reading.hasContext
        guard !arguments.has(GrepOptions.inverts), System.hasPlainCharacters else {
            needles = nil
            return
        }
        // A file has a line end behind each pattern.
        let texts =
            patterns.map { Array($0.utf8) } + files.filter { !$0.isEmpty }.map { $0.last == 10 ? $0.dropLast() : $0 }
        var needles: [SoughtWord]? = []
        for text in texts {
            let found = SearchPattern(text: text, syntax: reading.syntax, isFolding: reading.isFolding).words
            needles = found.flatMap { found in needles.map { $0 + found } }
        }
        self.needles = needles.flatMap { $0.count <= Self.maximumNeedles ? $0 : nil }
    }

    /// For more words than these it is quicker to look at all files.
    private static let maximumNeedles = 100
    /// Bytes of a file of patterns.
    private static let maximumFile = 64 << 20

    fileprivate static func contents(_ path: String) throws(CommandFailure) -> [UInt8] {
        guard let bytes = System.contents(path == "-" ? "/dev/stdin" : path, limit: maximumFile) else {
            throw CommandFailure(.usage, "grep: \(path): \(ErrorNumber().text)")
        }
        return bytes
    }

    /// Goes through the options in their order: of some the last one counts.
    private struct Reading {
        var words: [String] = []
        var scope = GrepScope()
        var syntax = SearchPattern.Syntax.basic
        var isFolding = false
        var hasContext = false
        /// The word that the last digit stood in, if nothing but digits came since.
        private var digitsWord: Int?

        mutating func take(_ option: CommandOption, _ value: String, _ word: Int) throws(CommandFailure) {
            if GrepOptions.digits.contains(where: { $0.name == option.name }) { return takeDigit(option.name, word) }
            digitsWord = nil
            switch option.name {
            case GrepOptions.basic.name: syntax = .basic
            case GrepOptions.extended.name: syntax = .extended
            case GrepOptions.fixed.name: syntax = .fixed
            case GrepOptions.perl.name: syntax = .perl
            case GrepOptions.ignoresCase.name, GrepOptions.ignoresCaseToo.name: isFolding = true
            case GrepOptions.minds.name: isFolding = false
            case GrepOptions.include.name: scope.include(value)
            case GrepOptions.exclude.name: scope.exclude(value)
            case GrepOptions.excludeFrom.name: scope.excludeLines(of: try GrepRequest.contents(value))
            case GrepOptions.excludeDirectory.name: scope.excludeDirectory(value)
            case _ where GrepOptions.contexts.contains { $0.name == option.name }: hasContext = true
            case _ where GrepOptions.colors.contains { $0.name == option.name }:
                words.append("--color=" + (["", "auto", "tty", "if-tty"].contains(value) ? Self.color : value))
                return
            default: break
            }
            if GrepOptions.passed.contains(where: { $0.name == option.name }) { words += Self.spelled(option, value) }
        }

        /// -12 is -C 12; -1 -2 is -C 2.
        private mutating func takeDigit(_ digit: String, _ word: Int) {
            if digitsWord == word, let last = words.popLast() {
                words.append(last + digit)
            } else {
                words.append("-" + digit)
            }
            (digitsWord, hasContext) = (word, true)
        }

        /// Where somebody watches there are colours: grep itself writes to us.
        private static var color: String {
            Console.isWatched && !["", "dumb"].contains(System.environment("TERM") ?? "") ? "always" : "never"
        }

        /// As grep is told: by the letter, where there is one.
        private static func spelled(_ option: CommandOption, _ value: String) -> [String] {
            guard let letter = option.letter else {
                return ["--\(option.name)" + (option.argument == nil ? "" : "=\(value)")]
            }
            return ["-\(letter)"] + (option.argument == nil ? [] : [value])
        }
    }
}
