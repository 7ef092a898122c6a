/// A statement and its values. What is interpolated is bound, so no value can become SQL:
///
///     "SELECT title FROM session WHERE id = \(id)"
///
/// Names of tables and columns that come from the schema are interpolated as ``SQLIdentifier``.
package struct SQLQuery: Sendable, ExpressibleByStringInterpolation {
    fileprivate enum Segment: Sendable {
        /// SQL as it is, and what the placeholders in it stand for.
        case text(String, [SQLValue])
        case identifier(SQLIdentifier)
        case dialect(SQLFragment)
        case parameter
        case template(SQLTemplate, [SQLValue])
    }

    fileprivate var segments: [Segment]

    package init(stringLiteral text: String) {
        segments = [.text(text, [])]
    }

    package init(stringInterpolation: StringInterpolation) {
        segments = stringInterpolation.query.segments
    }

    init(_ template: SQLTemplate, _ values: [SQLValue]) {
        segments = [.template(template, values)]
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
            query.append("?", [value])
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
        }

        /// Only in the statement of a ``SQLTemplate``.
        package mutating func appendInterpolation(_ parameter: SQLParameter) {
            query.segments.append(.parameter)
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
        if segments.count == 1 {
            if case .text(let text, let values) = segments[0] { return (text, values) }
            if case .template(let template, let values) = segments[0] {
                let rendering = template.rendering(for: dialect)
                return (rendering.text, rendering.filled(values))
            }
        }
        let rendering = rendering(for: dialect)
        precondition(rendering.parameters.isEmpty, "only a template has parameters")
        return (rendering.text, rendering.values)
    }

    /// The template that this is, if it is nothing but one.
    package var template: SQLTemplate? {
        guard segments.count == 1, case .template(let template, _) = segments[0] else { return nil }
        return template
    }

    func rendering(for dialect: SQLDialect) -> SQLTemplate.Rendering {
        var (text, values, parameters) = ("", [SQLValue](), [Int]())
        for segment in segments {
            switch segment {
            case .text(let piece, let bound):
                text += piece
                values += bound
            case .identifier(let identifier): text += dialect.quote(identifier)
            case .dialect(let fragment):
                let (piece, bound) = dialect.render(fragment, dialect)
                text += piece
                values += bound
            case .parameter:
                text += "?"
                parameters.append(values.count)
                values.append(.null)
            case .template(let template, let given):
                let rendering = template.rendering(for: dialect)
                text += rendering.text
                values += rendering.filled(given)
            }
        }
        return SQLTemplate.Rendering(text: text, values: values, parameters: parameters)
    }

    /// Neighbouring texts become one.
    private mutating func append(_ text: String, _ values: [SQLValue] = []) {
        if case .text(let before, let bound) = segments.last {
            segments[segments.count - 1] = .text(before + text, bound + values)
        } else if !text.isEmpty {
            segments.append(.text(text, values))
        }
    }

    private mutating func append(_ other: SQLQuery) {
        for segment in other.segments {
            if case .text(let text, let values) = segment { append(text, values) } else { segments.append(segment) }
        }
    }
}

/// The name of a table or a column, quoted when it meets a statement.
package struct SQLIdentifier: Hashable, Sendable {
    package let name: String

    package init(_ name: String) {
        self.name = name
    }
}
