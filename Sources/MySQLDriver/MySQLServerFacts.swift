package import SQL

/// What must be known of a server before a history on it is shown: what it is, and what we may do there.
package struct MySQLServerFacts: Sendable {
    package enum Privilege: String, Sendable, CaseIterable {
        case select = "SELECT"
        case insert = "INSERT"
        case update = "UPDATE"
        case delete = "DELETE"
        case create = "CREATE"
        case alter = "ALTER"
        case index = "INDEX"
        case references = "REFERENCES"
        case trigger = "TRIGGER"
    }

    /// As the server gives it: `10.11.6-MariaDB-0+deb12u1`.
    package let version: String
    /// Whether it takes no changes from this user (read_only, innodb_read_only).
    package let isReadOnly: Bool
    /// The largest value it takes, in bytes.
    package let maxAllowedPacket: Int
    /// Whether an acknowledged change survives a power cut: innodb_flush_log_at_trx_commit is 1 and, where there is a
    /// binary log, sync_binlog is.
    package let isDurable: Bool
    /// Whether a user without SUPER may create triggers although there is a binary log (log_bin_trust_function_creators).
    package let trustsTriggerCreators: Bool

    private let everywhere: Set<Privilege>
    private let onTables: [String: Set<Privilege>]

    /// Whether the user may do that with all tables of the database.
    package func allows(_ privilege: Privilege) -> Bool {
        everywhere.contains(privilege)
    }

    /// Whether the user may do that with a table; a privilege for some of its columns does not count.
    package func allows(_ privilege: Privilege, on table: String) -> Bool {
        allows(privilege) || onTables[table]?.contains(privilege) == true
    }

    fileprivate init(
        version: String, variables: [Int64], grants: MySQLGrants
    ) {
        self.version = version
        isReadOnly = variables[1] != 0 || (variables[0] != 0 && !grants.isAboveReadOnly)
        maxAllowedPacket = Int(clamping: variables[2])
        isDurable = variables[3] == 1 && (variables[5] == 0 || variables[4] == 1)
        trustsTriggerCreators = variables[5] == 0 || variables[6] != 0 || grants.isSuper
        everywhere = grants.everywhere
        onTables = grants.onTables
    }
}

extension MySQLConnection {
    /// Asks the server what it is and what we may do there; two statements.
    package func serverFacts() throws(SQLError) -> MySQLServerFacts {
        var (version, database, variables) = ("", "", [Int64]())
        try rows(
            """
            SELECT version(), database(), @@read_only, @@innodb_read_only, @@max_allowed_packet, \
            @@innodb_flush_log_at_trx_commit, @@sync_binlog, @@log_bin, @@log_bin_trust_function_creators
            """
        ) { (row) throws(SQLError) in
            (version, database) = (row.name(at: 0), row.name(at: 1))
            variables = (2..<9).map { row.integer(at: $0) ?? 0 }
        }
        guard variables.count == 7 else { throw SQLError(.misuse, message: "the server does not tell what it is") }
        var grants = MySQLGrants(database: database)
        try rows("SHOW GRANTS") { (row) throws(SQLError) in grants.add(row.name(at: 0)) }
        return MySQLServerFacts(version: version, variables: variables, grants: grants)
    }
}

/// What the lines of SHOW GRANTS allow in one database:
///
///     GRANT SELECT, INSERT ON `opencode`.* TO `maria`@`%`
///     GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` IDENTIFIED BY PASSWORD '…' WITH GRANT OPTION
struct MySQLGrants {
    let database: String
    private(set) var everywhere: Set<MySQLServerFacts.Privilege> = []
    private(set) var onTables: [String: Set<MySQLServerFacts.Privilege>] = [:]
    private(set) var isSuper = false
    /// May write while the server is read-only.
    private(set) var isAboveReadOnly = false

    init(database: String) {
        self.database = database
    }

    mutating func add(_ line: String) {
        var rest = line.utf8.dropFirst(0)
        guard Self.drop("GRANT ", from: &rest), let words = Self.privileges(&rest) else { return }
        guard let scope = Self.name(&rest), Self.drop(".", from: &rest), let table = Self.name(&rest) else { return }
        let isAll = words.contains { $0 == "ALL PRIVILEGES" || $0 == "ALL" }
        let granted = Set(MySQLServerFacts.Privilege.allCases.filter { isAll || words.contains($0.rawValue) })
        if scope == "*" {
            isSuper = isSuper || isAll || words.contains("SUPER")
            isAboveReadOnly =
                isAboveReadOnly || isSuper || words.contains("READ_ONLY ADMIN") || words.contains("READ ONLY ADMIN")
        }
        // Of a database the name is a pattern; of a table's database it is the name.
        let applies =
            if table == "*" { scope == "*" || Self.matches(Array(database.utf8)[...], Array(scope.utf8)[...]) } else {
                scope == database
            }
        guard applies else { return }
        if table == "*" { everywhere.formUnion(granted) } else { onTables[table, default: []].formUnion(granted) }
    }

    /// The words before ON; what is for some columns only (`SELECT (id)`) is no privilege here.
    private static func privileges(_ rest: inout Substring.UTF8View) -> [String]? {
        var (words, word, depth) = ([String](), "", 0)
        while !rest.isEmpty {
            if depth == 0, drop(" ON ", from: &rest) {
                words.append(word)
                return words
            }
            let byte = rest.removeFirst()
            switch byte {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth -= 1
            case UInt8(ascii: ",") where depth == 0:
                words.append(word)
                word = ""
                _ = drop(" ", from: &rest)
                continue
            default: break
            }
            word.unicodeScalars.append(Unicode.Scalar(byte))
        }
        return nil
    }

    /// `*`, a name, or a name in quotes.
    private static func name(_ rest: inout Substring.UTF8View) -> String? {
        guard let first = rest.first else { return nil }
        let quote = first == UInt8(ascii: "`") || first == UInt8(ascii: "\"") ? first : nil
        if quote != nil { rest.removeFirst() }
        var bytes: [UInt8] = []
        while let byte = rest.first {
            if let quote {
                rest.removeFirst()
                if byte == quote {
                    guard rest.first == quote else { return String(decoding: bytes, as: UTF8.self) }
                    rest.removeFirst()
                }
            } else {
                if byte == UInt8(ascii: ".") || byte == UInt8(ascii: " ") { break }
                rest.removeFirst()
            }
            bytes.append(byte)
        }
        return quote == nil ? String(decoding: bytes, as: UTF8.self) : nil
    }

    private static func drop(_ text: String, from rest: inout Substring.UTF8View) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    /// Whether a name fits a pattern of LIKE: `%` for anything, `_` for one byte, `\` before what is meant as it is.
    private static func matches(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        let rest = pattern.dropFirst()
        switch first {
        case UInt8(ascii: "%"):
            return (0...name.count).contains { matches(name.dropFirst($0), rest) }
        case UInt8(ascii: "\\") where !rest.isEmpty:
            return name.first == rest.first && matches(name.dropFirst(), rest.dropFirst())
        case UInt8(ascii: "_"): return !name.isEmpty && matches(name.dropFirst(), rest)
        default: return name.first == first && matches(name.dropFirst(), rest)
        }
    }
}
