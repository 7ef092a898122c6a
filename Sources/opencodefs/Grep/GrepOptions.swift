/// The options of GNU grep that make sense in a tree without devices, by its own names.
enum GrepOptions {
    static let pattern = CommandOption("regexp", "e", argument: "PATTERN", help: "look for this; may be given again")
    static let file = CommandOption("file", "f", argument: "FILE", help: "look for the patterns in FILE, one a line")
    static let extended = CommandOption("extended-regexp", "E", help: "PATTERN is an extended regular expression")
    static let fixed = CommandOption("fixed-strings", "F", help: "PATTERN is a string")
    static let basic = CommandOption("basic-regexp", "G", help: "PATTERN is a basic regular expression (default)")
    static let perl = CommandOption("perl-regexp", "P", help: "PATTERN is a Perl-compatible regular expression")
    static let ignoresCase = CommandOption("ignore-case", "i", help: "upper and lower case are the same")
    static let ignoresCaseToo = CommandOption("y", "y", hidden: true, help: "")
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
    /// -NUM
    static let digits = (0...9).map { CommandOption("\($0)", Character("\($0)"), hidden: true, help: "") }
    static let recursive = CommandOption("recursive", "r", hidden: true, help: "")
    static let dereferences = CommandOption("dereference-recursive", "R", help: "follow all links, to views too")
    static let directories = CommandOption("directories", "d", argument: "ACTION", hidden: true, help: "")
    static let include = CommandOption("include", argument: "GLOB", help: "only files with such names")
    static let exclude = CommandOption("exclude", argument: "GLOB", help: "no files with such names")
    static let excludeFrom = CommandOption(
        "exclude-from", argument: "FILE", help: "no files with names as FILE has them, one a line")
    static let excludeDirectory = CommandOption("exclude-dir", argument: "GLOB", help: "no directories with such names")
    static let colors = ["color", "colour"].map {
        CommandOption(
            $0, argument: "WHEN", isArgumentOptional: true, hidden: $0 == "colour",
            help: "always, never or auto (default)")
    }

    /// Everything that grep takes here.
    static let all =
        [pattern, file] + passed + [
            recursive, dereferences, directories, include, exclude, excludeFrom, excludeDirectory,
        ] + colors
        + digits

    /// What grep is told as it stands; it knows what they mean together.
    static let passed: [CommandOption] =
        [
            extended, fixed, basic, perl, ignoresCase, ignoresCaseToo, minds,
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
            CommandOption("I", "I", help: "files that are no text have no match"),
            CommandOption("binary-files", argument: "TYPE", help: "what to do with files that are none"),
            CommandOption("null", "Z", help: "a NUL behind names of files"),
            CommandOption("null-data", "z", help: "lines end with NUL"),
            CommandOption("initial-tab", "T", help: "a tab before each line"),
            CommandOption("group-separator", argument: "TEXT", help: "between groups of lines (--)"),
            CommandOption("no-group-separator", help: "nothing between them"),
            CommandOption("line-buffered", help: "print each line at once"),
            CommandOption("binary", "U", hidden: true, help: ""),
            CommandOption("unix-byte-offsets", "u", hidden: true, help: ""),
            CommandOption("devices", "D", argument: "ACTION", hidden: true, help: ""),
            CommandOption("label", argument: "LABEL", hidden: true, help: ""),
        ]
}
