package import SQL
package import Timing

/// Which store understands a database.
package enum SchemaFamily: Sendable {
    case typeScript
    case go

    /// - Parameter tables: also those of a database that no store understands; a store says why.
    package init(of tables: SQLSchema) {
        let isGo = tables.has("sessions") && tables.has("messages")
        self = isGo && TypeScriptSchema(tables) == nil ? .go : .typeScript
    }

    /// Finds out which, and opens the store while the connection that looked is still there: when the last one closes,
    /// SQLite would empty the write-ahead log for nothing.
    package static func recognised<Result>(
        _ open: (Patience) throws(SQLError) -> any SQLConnection, _ body: (SchemaFamily) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let connection: any SQLConnection
        let family: SchemaFamily
        do throws(SQLError) {
            connection = try open(.lasting(.seconds(10)))
            connection.patience = .lasting(.seconds(10))
            family = SchemaFamily(of: try connection.schema())
        } catch {
            throw StoreError(error)
        }
        defer { extendLifetime(connection) }
        return try body(family)
    }
}
