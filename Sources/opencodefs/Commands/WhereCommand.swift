internal import SessionModel

/// The whole search for a database.
enum WhereCommand: Command {
    static let name = "where"
    static let summary = "say which database would be mounted, and which others there are"
    static let usage = ["[--database PATH|URL] [--json]"]
    static let options: [CommandOption] = [.database, .db, .json]
    static let examples = [
        ("opencodefs where", "lists every place in the order of the search"),
        ("opencodefs where --json | jq -r .chosen", "the path alone, for scripts"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        try arguments.expectOperands(atMost: 0, Self.self)
        let search = try DatabaseSearch(named: arguments.database)
        let chosen = try? search.chosen()
        if arguments.has(.json) {
            var document = JSONObject()
            document.add("chosen", chosen.map { .string($0.name) } ?? .null)
            document.add(
                "candidates",
                .array(
                    search.candidates.map { candidate in
                        var entry = JSONObject()
                        entry.add("path", .string(candidate.name))
                        entry.add("origin", .string(candidate.origin))
                        entry.add("exists", .boolean(candidate.exists))
                        return .object(entry)
                    }))
            Console.print(bytes: document.document())
        } else {
            for candidate in search.candidates {
                let mark = candidate.name == chosen?.name && candidate.origin == chosen?.origin ? "->" : "  "
                Console.print("\(mark) \(candidate.name)  (\(candidate.origin); \(state(of: candidate)))")
            }
            if let hint = search.hint { Console.note(hint) }
        }
        // Says, in the same words as mount, what is wrong.
        _ = try search.chosen()
        return .success
    }

    private static func state(of candidate: DatabaseSearch.Candidate) -> String {
        switch candidate.place {
        case .file(let path): candidate.exists ? Human.size(System.size(path)) : "not there"
        case .server: "a server, not asked here"
        }
    }
}
