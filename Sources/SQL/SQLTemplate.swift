private import Synchronization

/// A statement that is always the same but for its values. It is put together once, and a connection finds what it has
/// prepared for it without comparing texts:
///
///     private static let title = SQLTemplate("SELECT title FROM session WHERE id = \(.parameter)")
///
///     try connection.rows(Self.title(id)) { … }
///
/// For what is asked once for each message. It belongs into a `static let`: connections keep those they have run. Any
/// thread may use it.
package final class SQLTemplate: Sendable {
    /// A statement in a provider's words, with places for values.
    struct Rendering {
        let text: String
        /// One for each placeholder; NULL for a parameter.
        let values: [SQLValue]
        /// Which of them are parameters.
        let parameters: [Int]

        func filled(_ values: [SQLValue]) -> [SQLValue] {
            precondition(values.count == parameters.count, "a template has a value for each of its parameters")
            guard parameters.count < self.values.count else { return values }
            var all = self.values
            for (place, value) in zip(parameters, values) { all[place] = value }
            return all
        }
    }

    private let query: SQLQuery
    /// Guards what it is in the words of a provider whose databases are files: there is one such dialect.
    private let rendering = Mutex<(dialect: String, Rendering)?>(nil)

    package init(_ query: SQLQuery) {
        self.query = query
    }

    /// The statement with a value for each of its parameters, in their order.
    package func callAsFunction(_ values: SQLValue...) -> SQLQuery {
        SQLQuery(self, values)
    }

    func rendering(for dialect: SQLDialect) -> Rendering {
        // To put it together is nothing beside the way to a server, whose dialect has several forms of one name.
        guard dialect.locking == .database else { return query.rendering(for: dialect) }
        return rendering.withLock { rendering in
            if let rendering, rendering.dialect == dialect.name { return rendering.1 }
            let new = query.rendering(for: dialect)
            rendering = (dialect.name, new)
            return new
        }
    }
}

/// The place of a value that a ``SQLTemplate`` gets when it is used.
package enum SQLParameter: Sendable {
    case parameter
}
