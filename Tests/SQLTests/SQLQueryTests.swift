import SQL
import Testing

@Suite struct SQLQueryTests {
    /// A dialect of nobody, to see where it is asked.
    static let dialect = SQLDialect(
        name: "Test", identifierQuote: "`", locking: .database, clock: .temporaryTrigger
    ) { fragment, dialect in
        switch fragment {
        case .octetLength(let table, let column): ("LENGTH(\(table.name).\(column.name))", [])
        case .slice(let table, let column, let from, let count):
            ("SLICE(\(table.name).\(column.name), ?, ?)", [.integer(Int64(from)), .integer(Int64(count))])
        case .summary(let table, let column): ("SUMMARY(\(table.name).\(column.name))", [])
        case .isBlob(let column): ("BLOB(\(column.name))", [])
        case .mayContain(_, let column, let words, _, _): ("CONTAINS(\(column.name), ?)", words.map { .blob($0) })
        case .mayShow(let column, let words, _): ("SHOWS(\(column.name), ?)", words.map { .blob($0) })
        case .equal(let column, let value): ("(\(dialect.quote(column)) = ? AND BYTES(?))", [value, value])
        case .identical(let column, let value): ("SAME(\(dialect.quote(column)), ?)", [value])
        case .bytewise(let column): ("BYTES(\(dialect.quote(column)))", [])
        case .now: ("NOW", [])
        case .locked: ("LOCKED", [])
        }
    }

    @Test func `what is interpolated is bound, in its order`() {
        let text = "'; DROP TABLE session --"
        let number: Int64 = -3
        let query: SQLQuery = "SELECT \(text), \(number), \(SQLValue.real(0.5)), \(.null), \(.blob([0])) FROM t"
        let (rendered, values) = query.rendered(for: Self.dialect)
        #expect(rendered == "SELECT ?, ?, ?, ?, ? FROM t")
        #expect(values == [SQLValue(text), .integer(-3), .real(0.5), .null, .blob([0])])
    }

    @Test func `a statement without values is its text`() {
        let (text, values) = ("SELECT '?'" as SQLQuery).rendered(for: Self.dialect)
        #expect(text == "SELECT '?'")
        #expect(values.isEmpty)
    }

    @Test(arguments: [
        ("session", "`session`"), ("", "``"), ("a`b", "`a``b`"), ("`", "````"), ("a\"b", "`a\"b`"),
        ("é ;--", "`é ;--`"),
    ])
    func `names are quoted, quotes in them doubled`(name: String, expected: String) {
        let query: SQLQuery = "FROM \(SQLIdentifier(name))"
        let (text, values) = query.rendered(for: Self.dialect)
        #expect(text == "FROM \(expected)")
        #expect(values.isEmpty)
    }

    @Test func `a fragment is said in the dialect's words, its values in their place`() {
        let (table, column) = (SQLIdentifier("part"), SQLIdentifier("data"))
        let length = SQLFragment.octetLength(table: table, column: column)
        let slice = SQLFragment.slice(table: table, column: column, from: 7, count: 9)
        let (text, values) = ("SELECT \("a"), \(length), \(slice) WHERE id = \("b")" as SQLQuery)
            .rendered(for: Self.dialect)
        #expect(text == "SELECT ?, LENGTH(part.data), SLICE(part.data, ?, ?) WHERE id = ?")
        #expect(values == [SQLValue("a"), .integer(7), .integer(9), SQLValue("b")])
    }

    @Test func `queries are put together with their values`() {
        let columns: [SQLQuery] = [
            "\(SQLIdentifier("a")) = \("x")", "b IS NULL", "\(SQLIdentifier("c")) = \(Int64(1))",
        ]
        let condition = SQLQuery.joined(columns, separator: " AND ")
        let (text, values) = ("DELETE FROM t WHERE \(condition) LIMIT \(Int64(5))" as SQLQuery)
            .rendered(for: Self.dialect)
        #expect(text == "DELETE FROM t WHERE `a` = ? AND b IS NULL AND `c` = ? LIMIT ?")
        #expect(values == [SQLValue("x"), .integer(1), .integer(5)])
        #expect(SQLQuery.joined([], separator: ", ").rendered(for: Self.dialect).text.isEmpty)
        #expect(SQLQuery.joined(["a"], separator: ", ").rendered(for: Self.dialect).text == "a")
    }
}

@Suite struct SQLValueTests {
    @Test(
        arguments: [
            (.null, nil), (.integer(.min), .min), (.real(2.9), 2), (.real(-2.9), -2), (.real(1e300), nil),
            (.real(.nan), nil),
            (.text([0x31]), nil), (.blob([0x31]), nil),
        ] as [(SQLValue, Int64?)])
    func `a number is whole where it can be`(value: SQLValue, expected: Int64?) {
        #expect(value.integer == expected)
    }

    @Test func `text and blobs are bytes and not each other`() {
        #expect(SQLValue("é").bytes == [0xc3, 0xa9])
        #expect(SQLValue.blob([0xff]).bytes == [0xff])
        #expect(SQLValue.integer(1).bytes == nil)
        #expect(SQLValue.text([1]) != .blob([1]))
    }
}

@Suite struct SQLSchemaTests {
    @Test func `a schema knows its tables and columns by their exact names`() {
        let schema = SQLSchema(tables: ["t": [.init(name: "a", isRequired: true)]], references: [])
        #expect(schema.has("t") && !schema.has("u"))
        #expect(schema.has("a", in: "t") && !schema.has("b", in: "t") && !schema.has("a", in: "u"))
    }
}
