import SQL
import Timing

/// Another connection, as it is: for tests that change one thing of it.
class PassingConnection: SQLConnection, @unchecked Sendable {
    private let connection: any SQLConnection

    init(_ connection: any SQLConnection) {
        self.connection = connection
    }

    var dialect: SQLDialect { connection.dialect }
    var patience: Patience {
        get { connection.patience }
        set { connection.patience = newValue }
    }

    func rows(_ query: SQLQuery, _ body: (any SQLRow) throws(SQLError) -> Void) throws(SQLError) {
        try connection.rows(query, body)
    }
    func run(_ query: SQLQuery) throws(SQLError) -> Int { try connection.run(query) }
    func beginReading() throws(SQLError) { try connection.beginReading() }
    func beginWriting() throws(SQLError) { try connection.beginWriting() }
    func commit() throws(SQLError) { try connection.commit() }
    func rollback() { connection.rollback() }
    func changeCounter() throws(SQLError) -> Int64 { try connection.changeCounter() }
    func schema() throws(SQLError) -> SQLSchema { try connection.schema() }
    func schemaCounter() throws(SQLError) -> Int64 { try connection.schemaCounter() }
    var isBroken: Bool { connection.isBroken }
    func prove() throws(SQLError) { try connection.prove() }
}
