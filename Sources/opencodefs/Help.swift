/// Help pages, made from what the commands say of themselves.
enum Help {
    static func overview() -> String {
        let width = Commands.all.map { $0.name.count }.max() ?? 0
        let commands = Commands.all.map { "  \(padded($0.name, width))  \($0.summary)" }
        return """
            opencodefs shows the history of OpenCode as files: ls, cat, grep and rm work on it.

            Usage: opencodefs COMMAND [OPTION...] [ARGUMENT...]

            Commands:
            \(commands.joined(separator: "\n"))

            Begin with:
              mkdir -p ~/history && opencodefs mount ~/history
              ls ~/history

            opencodefs COMMAND --help explains a command; opencodefs --version says which version this is.
            """
    }

    static func page(_ command: any Command.Type) -> String {
        var page = "opencodefs \(command.name): \(command.summary)\n"
        for (index, usage) in command.usage.enumerated() {
            page += "\n\(index == 0 ? "Usage: " : "       ")opencodefs \(command.name) \(usage)"
        }
        if !command.details.isEmpty { page += "\n\n\(command.details)" }
        let options = (command.options + [.help]).filter { !$0.isHidden }
        let spellings = options.enumerated().map { index, option in
            // A letter may be another option's: grep's -h.
            let letter = option.letter.flatMap { letter in
                options[..<index].contains { $0.letter == letter } ? nil : letter
            }
            return (letter.map { "-\($0), " } ?? "    ") + "--\(option.name)" + (option.argument.map { " \($0)" } ?? "")
        }
        let width = spellings.map(\.count).max() ?? 0
        page += "\n\nOptions:\n"
        page += zip(spellings, options).map { "  \(padded($0, width))  \($1.help)" }.joined(separator: "\n")
        page += "\n\nExamples:\n"
        page += command.examples.map { "  \($0.0)\n      \($0.1)" }.joined(separator: "\n")
        return page
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
