import SQL
import Testing

@Suite struct SQLTemplateTests {
    private static let length = SQLFragment.octetLength(table: SQLIdentifier("t"), column: SQLIdentifier("c"))
    private static let slice = SQLFragment.slice(
        table: SQLIdentifier("t"), column: SQLIdentifier("c"), from: 7, count: 9)

    @Test func `a template is its statement with the values it is given`() {
        let template = SQLTemplate("SELECT \(Self.length) FROM t WHERE a = \(.parameter) AND b = \(.parameter)")
        for number in 1...2 as ClosedRange<Int64> {
            let (text, values) = template(.integer(number), SQLValue("b")).rendered(for: SQLQueryTests.dialect)
            #expect(text == "SELECT LENGTH(t.c) FROM t WHERE a = ? AND b = ?")
            #expect(values == [.integer(number), SQLValue("b")])
        }
    }

    @Test func `values of its own stay in their places`() {
        let template = SQLTemplate("SELECT \(.parameter), \(Self.slice), \(Int64(3)) WHERE a = \(.parameter)")
        let (text, values) = template(SQLValue("x"), .null).rendered(for: SQLQueryTests.dialect)
        #expect(text == "SELECT ?, SLICE(t.c, ?, ?), ? WHERE a = ?")
        #expect(values == [SQLValue("x"), .integer(7), .integer(9), .integer(3), .null])
    }

    @Test func `a template can be part of a statement`() {
        let template = SQLTemplate("a = \(.parameter)")
        let query: SQLQuery = "WHERE \("z") AND \(template(SQLValue("x"))) OR \(template(SQLValue("y")))"
        let (text, values) = query.rendered(for: SQLQueryTests.dialect)
        #expect(text == "WHERE ? AND a = ? OR a = ?")
        #expect(values == [SQLValue("z"), SQLValue("x"), SQLValue("y")])
        #expect(query.template == nil)
        #expect(template(.null).template === template)
    }

    @Test func `each provider has its own words`() {
        let other = SQLDialect(
            name: "Other", identifierQuote: "\"", locking: .database, clock: .temporaryTrigger
        ) { _, _ in ("other", []) }
        let template = SQLTemplate("SELECT \(Self.length), \(SQLIdentifier("c"))")
        for _ in 0..<2 {
            #expect(template().rendered(for: SQLQueryTests.dialect).text == "SELECT LENGTH(t.c), `c`")
            #expect(template().rendered(for: other).text == "SELECT other, \"c\"")
        }
    }
}
