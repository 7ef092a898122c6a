import SQL
import Synchronization
import Timing

/// A connection that breaks after so many statements that change something, as when the program is killed: the server
/// has done what it was told, and hears no more.
final class CutConnection: SQLConnection {
    private let connection: any SQLConnection
    private let left: Mutex<Int>

    init(_ connection: any SQLConnection, after count: Int) {
        self.connection = connection
        left = Mutex(count)
    }

    private var isCut: Bool { left.withLock { $0 < 0 } }

    private func spend(_ count: Int) throws(SQLError) {
        let remaining = left.withLock { left -> Int in
            left -= left < 0 ? 0 : count
            return left
        }
        guard remaining >= 0 else { throw SQLError(.disconnected, message: "the connection was cut") }
    }

    var dialect: SQLDialect { connection.dialect }
    var patience: Patience {
        get { connection.patience }
        set { connection.patience = newValue }
    }
    var isBroken: Bool { isCut }

    func rows(_ query: SQLQuery, _ body: (any SQLRow) throws(SQLError) -> Void) throws(SQLError) {
        try spend(0)
        try connection.rows(query, body)
    }

    func run(_ query: SQLQuery) throws(SQLError) -> Int {
        try spend(1)
        return try connection.run(query)
    }

    func commit() throws(SQLError) {
        try spend(1)
        try connection.commit()
    }

    func beginReading() throws(SQLError) {
        try spend(0)
        try connection.beginReading()
    }

    func beginWriting() throws(SQLError) {
        try spend(0)
        try connection.beginWriting()
    }

    func rollback() { connection.rollback() }
    func changeCounter() throws(SQLError) -> Int64 { try connection.changeCounter() }
    func schema() throws(SQLError) -> SQLSchema { try connection.schema() }
    func schemaCounter() throws(SQLError) -> Int64 { try connection.schemaCounter() }
    func prove() throws(SQLError) { try spend(0) }
}
