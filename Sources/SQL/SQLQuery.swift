/// A statement and its values. What is interpolated is bound, so no value can become SQL:
///
///     "SELECT title FROM session WHERE id = \(id)"
///
/// Names of tables and columns that come from the schema are interpolated as ``SQLIdentifier``.
package struct SQLQuery: Sendable, ExpressibleByStringInterpolation {
    fileprivate enum Segment: Sendable {
        /// SQL as it is, with a placeholder for each value in it.
        case text(String)
        case identifier(SQLIdentifier)
        case dialect(SQLFragment)
    }

    fileprivate var segments: [Segment]
    /// What the placeholders stand for, in their order.
    fileprivate var values: [SQLValue] = []

    package init(stringLiteral text: String) {
        segments = [.text(text)]
    }

    package init(stringInterpolation: StringInterpolation) {
        segments = stringInterpolation.query.segments
        values = stringInterpolation.query.values
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var query = SQLQuery(stringLiteral: "")

        package init(literalCapacity: Int, interpolationCount: Int) {
            query.segments = []
        }

        package mutating func appendLiteral(_ literal: String) {
            query.append(literal)
        }

        package mutating func appendInterpolation(_ value: SQLValue) {
            query.append("?")
            query.values.append(value)
        }

        package mutating func appendInterpolation(_ value: Int64) {
            appendInterpolation(.integer(value))
        }

        package mutating func appendInterpolation(_ text: String) {
            appendInterpolation(SQLValue(text))
        }

        package mutating func appendInterpolation(_ identifier: SQLIdentifier) {
            query.segments.append(.identifier(identifier))
        }

        package mutating func appendInterpolation(_ fragment: SQLFragment) {
            query.segments.append(.dialect(fragment))
            query.values += fragment.values
        }

        /// Part of a statement, with its values.
        package mutating func appendInterpolation(_ part: SQLQuery) {
            query.append(part)
        }
    }

    /// Several queries in a row, with `separator` between them: the columns of a SELECT, the values of an INSERT.
    package static func joined(_ queries: [SQLQuery], separator: String) -> SQLQuery {
        var result = SQLQuery(stringLiteral: "")
        for (index, query) in queries.enumerated() {
            if index > 0 { result.append(separator) }
            result.append(query)
        }
        return result
    }

    /// The text that a provider understands, and the values in the order of its placeholders.
    package func rendered(for dialect: SQLDialect) -> (text: String, values: [SQLValue]) {
        // Most statements are one piece: nothing to put together each time they run.
        if segments.count == 1, case .text(let text) = segments[0] { return (text, values) }
        var text = ""
        for segment in segments {
            switch segment {
            case .text(let piece): text += piece
            case .identifier(let identifier): text += dialect.quote(identifier)
            case .dialect(let fragment): text += dialect.render(fragment)
            }
        }
        return (text, values)
    }

    /// Neighbouring texts become one.
    private mutating func append(_ text: String) {
        if case .text(let before) = segments.last {
            segments[segments.count - 1] = .text(before + text)
        } else if !text.isEmpty {
            segments.append(.text(text))
        }
    }

    private mutating func append(_ other: SQLQuery) {
        for segment in other.segments {
            if case .text(let text) = segment { append(text) } else { segments.append(segment) }
        }
        values += other.values
    }
}

/// The name of a table or a column, quoted when it meets a statement.
package struct SQLIdentifier: Hashable, Sendable {
    package let name: String

    package init(_ name: String) {
        self.name = name
    }
}
