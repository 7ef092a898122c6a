private import CGetopt
private import Glibc

/// An option of a command.
struct CommandOption {
    let name: String
    let letter: Character?
    /// What its argument is called in the help; nil where it takes none.
    let argument: String?
    /// Whether the argument may be left out; then it is "", and where it is not, it stands behind a `=`.
    let isArgumentOptional: Bool
    let help: String
    /// Whether the help shows it.
    let isHidden: Bool

    init(
        _ name: String, _ letter: Character? = nil, argument: String? = nil, isArgumentOptional: Bool = false,
        hidden: Bool = false, help: String
    ) {
        self.name = name
        self.letter = letter
        self.argument = argument
        self.isArgumentOptional = isArgumentOptional
        self.help = help
        isHidden = hidden
    }

    /// The same, by its name alone.
    var withoutLetter: CommandOption {
        CommandOption(name, argument: argument, isArgumentOptional: isArgumentOptional, hidden: isHidden, help: help)
    }
}

/// What somebody asked of a command.
struct Arguments {
    fileprivate(set) var values: [String: [String]] = [:]
    fileprivate(set) var operands: [String] = []
    /// All options in the order in which they were given; an option without an argument has the value "". Those of one word,
    /// `-ab`, have one number.
    fileprivate(set) var sequence: [(option: CommandOption, value: String, word: Int)] = []

    func has(_ option: CommandOption) -> Bool {
        values[option.name] != nil
    }

    /// The last value of an option: later ones beat earlier ones.
    subscript(_ option: CommandOption) -> String? {
        values[option.name]?.last
    }

    func all(_ option: CommandOption) -> [String] {
        values[option.name] ?? []
    }
}

/// Reads options with getopt_long(3), which knows abbreviations, `--`, `-xvalue` and `--name=value`.
enum OptionParser {
    static func parse(_ words: [String], _ options: [CommandOption], command: String) throws(CommandFailure)
        -> Arguments
    {
        // Colon first: getopt says nothing itself and tells a missing argument from an unknown option.
        var letters = ":"
        for option in options {
            if let letter = option.letter { letters += String(letter) + (option.argument == nil ? "" : ":") }
        }
        let names = unsafe options.map { unsafe strdup($0.name) }
        defer { for index in unsafe names.indices { unsafe free(names[index]) } }
        var table = unsafe zip(options, names).enumerated().map { index, pair in
            unsafe option(
                name: pair.1, has_arg: pair.0.argument == nil ? 0 : pair.0.isArgumentOptional ? 2 : 1, flag: nil,
                val: 1000 + CInt(index))
        }
        unsafe table.append(option())
        var vector = unsafe (["opencodefs \(command)"] + words).map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe vector.indices { unsafe free(vector[index]) } }

        var arguments = Arguments()
        let count = unsafe CInt(vector.count - 1)
        opencodefs_getopt_restart()
        while true {
            // Before the first word it is 0, to begin anew.
            let word = max(1, Int(opencodefs_getopt_position()))
            let code = unsafe getopt_long(count, &vector, letters, &table, nil)
            if code == -1 { break }
            let found =
                code >= 1000
                ? options[Int(code) - 1000] : options.first { $0.letter?.asciiValue.map(CInt.init) == code }
            guard let found else {
                let word = unsafe vector[Int(opencodefs_getopt_position()) - 1].map { unsafe String(cString: $0) } ?? ""
                let what = code == CInt(UInt8(ascii: ":")) ? "needs an argument" : "is no option of it"
                throw CommandFailure(.usage, "\(command): \(word) \(what); see: opencodefs \(command) --help")
            }
            let value = unsafe opencodefs_getopt_argument().map { unsafe String(cString: $0) } ?? ""
            arguments.values[found.name, default: []].append(value)
            arguments.sequence.append((found, value, word))
        }
        arguments.operands = unsafe vector[Int(opencodefs_getopt_position())..<Int(count)].compactMap {
            unsafe $0.map { unsafe String(cString: $0) }
        }
        return arguments
    }
}
