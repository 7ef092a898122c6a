/// A table of MySQL or MariaDB: as a migration makes it, or as information_schema describes it.
///
/// Both are the same kind of value, so that what is there can be compared with what should be.
struct MySQLTable: Sendable, Equatable {
    let name: String
    /// In the order of the table.
    var columns: [MySQLColumn]
    /// Columns of the primary key, in its order.
    var key: [String]
    /// All but the primary key.
    var indexes: [MySQLIndex] = []
    var references: [MySQLReference] = []
    /// Conditions that rows must meet, in the form of ``condition(_:)``.
    var checks: Set<String> = []
    var engine = Self.engine
    /// What text columns have unless they say otherwise.
    var collation = Self.collation

    /// Without it there are no transactions and no references.
    static let engine = "InnoDB"
    static let characterSet = "utf8mb4"
    /// The collation of every table of OpenCode.
    static let collation = "utf8mb4_unicode_ci"

    init(
        _ name: String, _ columns: [MySQLColumn], key: [String], indexes: [MySQLIndex] = [],
        references: [MySQLReference] = []
    ) {
        self.name = name
        self.columns = columns
        self.key = key
        self.indexes = indexes
        self.references = references
        checks = Set(columns.compactMap(\.check).map(Self.condition))
    }

    /// A condition without what servers put into it and leave out of it: spaces, quotes and brackets.
    static func condition(_ text: String) -> String {
        String(text.lowercased().filter { !$0.isWhitespace && !"`()".contains($0) })
    }

    func column(_ name: String) -> MySQLColumn? {
        columns.first { $0.name == name }
    }
}

/// A column of a ``MySQLTable``.
struct MySQLColumn: Sendable, Equatable {
    let name: String
    let type: MySQLType
    /// NOT NULL.
    let isRequired: Bool
    let standard: MySQLDefault
    /// A condition on the values; only where a migration makes the column.
    var check: String?
    /// Of a text column, where it is known.
    var collation: String?

    static func required(
        _ name: String, _ type: MySQLType, default standard: MySQLDefault = .none, check: String? = nil
    ) -> MySQLColumn {
        MySQLColumn(name: name, type: type, isRequired: true, standard: standard, check: check)
    }

    static func optional(_ name: String, _ type: MySQLType) -> MySQLColumn {
        MySQLColumn(name: name, type: type, isRequired: false, standard: .none)
    }
}

/// What a column of a ``MySQLTable`` holds.
enum MySQLType: Sendable, Equatable {
    case varchar(Int)
    case longtext
    case bigint
    case int
    case double
    /// TINYINT(1): 0 or 1.
    case boolean
    /// Any that no migration makes, as the server writes it.
    case other(String)

    /// What matters to whoever reads and writes: a text is a text, however long it may be.
    enum Kind: Sendable {
        case text, integer, real
        /// None that OpenCode could use.
        case unknown
    }

    /// Reads COLUMN_TYPE. MariaDB writes widths (`bigint(20)`), MySQL does not.
    init(_ columnType: String) {
        let text = columnType.lowercased()
        let parts = text.split(separator: "(", maxSplits: 1)
        let width = parts.count == 2 && parts[1].hasSuffix(")") ? Int(parts[1].dropLast()) : nil
        self =
            switch (parts.first.map(String.init) ?? "", width) {
            case ("varchar", let length?): .varchar(length)
            case ("longtext", nil): .longtext
            case ("bigint", _) where parts.count == 1 || width != nil: .bigint
            case ("int", _) where parts.count == 1 || width != nil: .int
            case ("double", nil) where parts.count == 1: .double
            case ("tinyint", 1): .boolean
            default: .other(text)
            }
    }

    /// As it is written in a statement.
    var text: String {
        switch self {
        case .varchar(let length): "VARCHAR(\(length))"
        case .longtext: "LONGTEXT"
        case .bigint: "BIGINT"
        case .int: "INT"
        case .double: "DOUBLE"
        case .boolean: "TINYINT(1)"
        case .other(let text): text.uppercased()
        }
    }

    var kind: Kind {
        switch self {
        case .varchar, .longtext: return .text
        case .bigint, .int, .boolean: return .integer
        case .double: return .real
        case .other(let text):
            let word = text.prefix { $0.isLetter }
            if word == "char" || word == "varchar" || word.hasSuffix("text") { return .text }
            if word.hasSuffix("int") { return .integer }
            return ["float", "double", "decimal"].contains(word) ? .real : .unknown
        }
    }
}

/// What a column of a ``MySQLTable`` holds where an INSERT does not name it.
enum MySQLDefault: Sendable {
    case none
    case integer(Int64)
    case real(Double)
    case text(String)
    /// The moment of the INSERT, in seconds.
    case now
    /// Any that no migration makes, as the server writes it.
    case other(String)

    /// Reads COLUMN_DEFAULT. MariaDB writes NULL for none and quotes texts, MySQL does neither.
    init(_ columnDefault: String?) {
        guard let columnDefault, columnDefault.uppercased() != "NULL" else {
            self = .none
            return
        }
        let isQuoted = columnDefault.count >= 2 && columnDefault.hasPrefix("'") && columnDefault.hasSuffix("'")
        let text = isQuoted ? String(columnDefault.dropFirst().dropLast()) : columnDefault
        self =
            if let number = Int64(text) {
                .integer(number)
            } else if let number = Double(text) {
                .real(number)
            } else if MySQLTable.condition(columnDefault) == "unix_timestamp" {
                .now
            } else if columnDefault.contains("(") {
                .other(columnDefault)
            } else {
                .text(text)
            }
    }

    /// As it is written in a statement, with the word before it; empty for none.
    var text: String {
        switch self {
        case .none: ""
        case .integer(let number): " DEFAULT \(number)"
        case .real(let number): " DEFAULT \(number)"
        case .text(let text): " DEFAULT '\(text)'"
        case .now: " DEFAULT (UNIX_TIMESTAMP())"
        case .other(let text): " DEFAULT \(text)"
        }
    }
}

extension MySQLDefault: Equatable {
    /// The same value: a server may write 0.0 as 0.
    static func == (left: MySQLDefault, right: MySQLDefault) -> Bool {
        switch (left, right) {
        case (.none, .none), (.now, .now): true
        case (.integer(let left), .integer(let right)): left == right
        case (.real(let left), .real(let right)): left == right
        case (.integer(let whole), .real(let real)), (.real(let real), .integer(let whole)): real == Double(whole)
        case (.text(let left), .text(let right)), (.other(let left), .other(let right)): left == right
        default: false
        }
    }
}

/// An index of a ``MySQLTable``.
struct MySQLIndex: Sendable, Equatable {
    struct Part: Sendable, Equatable {
        let column: String
        /// How many characters of the column are indexed; nil for all.
        var prefix: Int?
        /// Not compared: servers before MySQL 8 and MariaDB 10.8 read DESC and forget it.
        var isDescending = false

        static func == (left: Part, right: Part) -> Bool {
            left.column == right.column && left.prefix == right.prefix
        }
    }

    let name: String
    let parts: [Part]
    let isUnique: Bool

    init(_ name: String, _ parts: [Part], isUnique: Bool = false) {
        self.name = name
        self.parts = parts
        self.isUnique = isUnique
    }

    /// An index of whole columns.
    init(_ name: String, _ columns: String..., isUnique: Bool = false) {
        self.init(name, columns.map { Part(column: $0) }, isUnique: isUnique)
    }
}

/// A foreign key of a ``MySQLTable``: of one column, as all of OpenCode's are.
struct MySQLReference: Sendable, Equatable {
    /// nil for the name that the server chooses.
    let name: String?
    let column: String
    let parent: String
    let parentColumn: String
    /// What a deletion of the parent does, as the server writes it: CASCADE, SET NULL.
    let onDelete: String

    /// To a session, as all of OpenCode's are.
    static func session(_ name: String?, onDelete: String = "CASCADE") -> MySQLReference {
        MySQLReference(
            name: name, column: "session_id", parent: "sessions", parentColumn: "id", onDelete: onDelete)
    }

    /// The same whatever it is called: nobody but people asks for the name.
    static func == (left: MySQLReference, right: MySQLReference) -> Bool {
        left.column == right.column && left.parent == right.parent && left.parentColumn == right.parentColumn
            && left.onDelete == right.onDelete
    }
}

/// A trigger of MySQL or MariaDB, of one statement for each row.
struct MySQLTrigger: Sendable, Equatable {
    let name: String
    let table: String
    /// As the server writes it: BEFORE UPDATE, AFTER INSERT.
    let moment: String
    let action: String

    /// One that sets `updated_at` to the moment of the change, in seconds.
    static func time(_ name: String, of table: String) -> MySQLTrigger {
        MySQLTrigger(
            name: name, table: table, moment: "BEFORE UPDATE", action: "SET NEW.updated_at = UNIX_TIMESTAMP()")
    }

    static func == (left: MySQLTrigger, right: MySQLTrigger) -> Bool {
        left.name == right.name && left.table == right.table && left.moment == right.moment
            && MySQLTable.condition(left.action) == MySQLTable.condition(right.action)
    }
}
