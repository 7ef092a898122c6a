internal import SQL

/// What a user of a MySQL or MariaDB server may do with a database, as far as SHOW GRANTS tells.
///
/// The lines of SHOW GRANTS hold hashes of passwords: nothing but names of privileges is kept of them.
struct MySQLGrants: Sendable, Equatable {
    /// For the whole database, in the words of GRANT. `ALL PRIVILEGES` is one of them.
    private(set) var ofDatabase: Set<String> = []
    /// For all databases: SUPER is only there.
    private(set) var ofServer: Set<String> = []
    /// Whether there may be more: privileges of single tables, or roles, which MySQL lists by name alone.
    private(set) var isPartial = false

    /// Reads the lines of SHOW GRANTS.
    init(_ lines: [String], database: String) {
        for line in lines where line.hasPrefix("GRANT ") {
            guard let on = line.firstRange(of: " ON ") else {
                isPartial = true
                continue
            }
            let privileges = Self.list(line[line.index(line.startIndex, offsetBy: 6)..<on.lowerBound])
            let (pattern, table) = Self.scope(line[on.upperBound...])
            if pattern == nil, table == "*" {
                ofServer.formUnion(privileges)
            } else if let pattern, Self.matches(Array(database), Array(pattern)[...]) {
                if table == "*" { ofDatabase.formUnion(privileges) } else { isPartial = true }
            }
        }
    }

    /// Those that are wanted and, as far as can be known, not there.
    func lacking(_ wanted: Set<String>) -> Set<String> {
        if isPartial || all.contains("ALL PRIVILEGES") { return [] }
        return wanted.subtracting(all)
    }

    var isSuper: Bool { !ofServer.isDisjoint(with: ["SUPER", "ALL PRIVILEGES"]) }

    private var all: Set<String> { ofServer.union(ofDatabase) }

    /// Words between commas; a privilege of columns has them in brackets, and is not the whole one.
    private static func list(_ text: Substring) -> Set<String> {
        var words: [String] = [""]
        var depth = 0
        for character in text {
            switch character {
            case "(": depth += 1
            case ")": depth -= 1
            case "," where depth == 0:
                words.append("")
                continue
            default: break
            }
            words[words.count - 1].append(character)
        }
        return Set(
            words.filter { !$0.contains("(") }.map { word in
                String(word.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            })
    }

    /// The database's pattern and the table of `*.*`, `` `database`.* `` or `` `database`.`table` ``; nil for all databases.
    private static func scope(_ text: Substring) -> (pattern: String?, table: String) {
        var rest = text
        let pattern = name(&rest)
        guard rest.first == "." else { return ("", "") }
        rest.removeFirst()
        return (pattern == "*" ? nil : pattern, name(&rest))
    }

    private static func name(_ text: inout Substring) -> String {
        guard text.first == "`" else {
            let name = text.prefix { $0 != "." && $0 != " " }
            text = text.dropFirst(name.count)
            return String(name)
        }
        text.removeFirst()
        var name = ""
        while let character = text.popFirst() {
            guard character == "`" else {
                name.append(character)
                continue
            }
            guard text.first == "`" else { break }
            name.append(text.removeFirst())
        }
        return name
    }

    /// Whether a database's name fits the pattern of a grant, which is one of LIKE.
    private static func matches(_ name: [Character], _ pattern: ArraySlice<Character>) -> Bool {
        var rest = name[...]
        var pattern = pattern
        while let wanted = pattern.popFirst() {
            switch wanted {
            case "%": return (rest.startIndex...rest.endIndex).contains { matches(Array(rest[$0...]), pattern) }
            case "_": guard rest.popFirst() != nil else { return false }
            case "\\" where !pattern.isEmpty: guard rest.popFirst() == pattern.removeFirst() else { return false }
            default: guard rest.popFirst() == wanted else { return false }
            }
        }
        return rest.isEmpty
    }
}

extension MySQLGrants {
    /// What an administrator has to run, for people.
    ///
    /// - Parameter user: as CURRENT_USER() has it, `name@host`.
    static func statement(_ privileges: Set<String>, database: String, user: String) -> String {
        let parts = user.split(separator: "@", omittingEmptySubsequences: false)
        let host = parts.count > 1 ? String(parts[parts.count - 1]) : "%"
        let name = parts.count > 1 ? parts.dropLast().joined(separator: "@") : user
        return "GRANT \(privileges.sorted().joined(separator: ", ")) ON `\(database)`.* TO '\(name)'@'\(host)'"
    }
}
