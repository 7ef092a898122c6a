import Foundation
import TestSupport

/// What was asked for on the command line.
struct Options {
    static let usage = """
        opencodefs-bench [--program PATH] [--messages N] [--attachments N] [--rounds N] [--only NAME,...]
                         [--thorough] [--keep DIRECTORY | --use DIRECTORY] [--json FILE] [--compare FILE]
        opencodefs-bench --list | --help

        Invents a history, writes the same bytes as plain files, and measures what programs take on a mount of it, in
        turn with the plain files, a passthrough mount of them (bindfs) and sqlite3. Prints tables in Markdown.

          --program PATH      the opencodefs to measure (default: the one beside this program)
          --messages N        how long the history is (default 40000: 470 MB; 10000, 100000 and 1000000 are usual)
          --attachments N     how many of them carry a file of 0.5 to 5 MB (default: a thousandth, at most 36)
          --rounds N          how often each thing is measured; medians are shown (default 5)
          --only NAME,...     some sections or operations, as --list calls them
          --thorough          measure du, rsync, stat, tar and readers cold too
          --keep DIRECTORY    make the history there and leave it
          --use DIRECTORY     take the history that --keep made
          --json FILE         write all figures there too
          --compare FILE      print them beside those of such a file
          --list              say what there is to measure
          --help              say this

        """

    var program = Run.opencodefsPath
    var messages = 40_000
    var attachments: Int?
    var rounds = 5
    var only: [String] = []
    var keep: String?
    var use: String?
    var json: String?
    var compare: String?
    /// Also cold: the operations that cold tells little more about than those which are measured so anyway.
    var isThorough = false
    var lists = false
    var explains = false

    init(_ words: [String]) throws(OptionError) {
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "--list": lists = true
            case "--help": explains = true
            case "--thorough": isThorough = true
            default: try take(word, &rest)
            }
        }
        guard rounds > 0, messages > 0, keep == nil || use == nil else { throw OptionError() }
    }

    private mutating func take(_ word: String, _ rest: inout ArraySlice<String>) throws(OptionError) {
        guard let value = rest.popFirst() else { throw OptionError() }
        switch word {
        case "--program": program = URL(fileURLWithPath: value).path
        case "--messages": messages = try Self.number(value)
        case "--attachments": attachments = try Self.number(value)
        case "--rounds": rounds = try Self.number(value)
        case "--only": only += value.split(separator: ",").map(String.init)
        case "--keep": keep = URL(fileURLWithPath: value).path
        case "--use": use = URL(fileURLWithPath: value).path
        case "--json": json = value
        case "--compare": compare = value
        default: throw OptionError()
        }
    }

    private static func number(_ word: String) throws(OptionError) -> Int {
        guard let number = Int(word), number >= 0 else { throw OptionError() }
        return number
    }
}

/// The words make no sense.
struct OptionError: Error {}
