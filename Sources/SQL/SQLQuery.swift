/// A statement and its values. What is interpolated is bound, so no value can become SQL:
///
///     "SELECT title FROM session WHERE id = \(id)"
///
/// Names of tables and columns that come from the schema are interpolated as ``SQLIdentifier``.
package struct SQLQuery: Sendable, ExpressibleByStringInterpolation {
    fileprivate enum Segment: Sendable {
        case text(String)
        case value(SQLValue)
        case identifier(SQLIdentifier)
        case dialect(SQLFragment)
    }

    fileprivate var segments: [Segment]

    package init(stringLiteral text: String) {
        segments = [.text(text)]
    }

    package init(stringInterpolation: StringInterpolation) {
        segments = stringInterpolation.segments
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var segments: [Segment] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            segments.reserveCapacity(interpolationCount * 2 + 1)
        }

        package mutating func appendLiteral(_ literal: String) {
            if !literal.isEmpty { segments.append(.text(literal)) }
        }

        package mutating func appendInterpolation(_ value: SQLValue) {
            segments.append(.value(value))
        }

        package mutating func appendInterpolation(_ value: Int64) {
            segments.append(.value(.integer(value)))
        }

        package mutating func appendInterpolation(_ text: String) {
            segments.append(.value(SQLValue(text)))
        }

        package mutating func appendInterpolation(_ identifier: SQLIdentifier) {
            segments.append(.identifier(identifier))
        }

        package mutating func appendInterpolation(_ fragment: SQLFragment) {
            segments.append(.dialect(fragment))
        }

        /// Part of a statement, with its values.
        package mutating func appendInterpolation(_ query: SQLQuery) {
            segments += query.segments
        }
    }

    /// Several queries in a row, with `separator` between them: the columns of a SELECT, the values of an INSERT.
    package static func joined(_ queries: [SQLQuery], separator: String) -> SQLQuery {
        var result = SQLQuery(stringLiteral: "")
        for (index, query) in queries.enumerated() {
            if index > 0 { result.segments.append(.text(separator)) }
            result.segments += query.segments
        }
        return result
    }

    /// The text that a provider understands, and the values in the order of its placeholders.
    package func rendered(for dialect: SQLDialect) -> (text: String, values: [SQLValue]) {
        var text = ""
        var values: [SQLValue] = []
        for segment in segments {
            switch segment {
            case .text(let piece): text += piece
            case .identifier(let identifier): text += dialect.quote(identifier)
            case .dialect(let fragment):
                text += dialect.render(fragment)
                values += fragment.values
            case .value(let value):
                text += "?"
                values.append(value)
            }
        }
        return (text, values)
    }
}

/// The name of a table or a column, quoted when it meets a statement.
package struct SQLIdentifier: Hashable, Sendable {
    package let name: String

    package init(_ name: String) {
        self.name = name
    }
}
