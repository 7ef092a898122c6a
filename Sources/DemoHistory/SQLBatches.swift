internal import SQL

/// Many rows in transactions of bounded size.
///
/// The WAL is copied into the file from time to time, since otherwise it would grow as large as the history. That is for
/// a file of our own only; OpenCode's WAL is OpenCode's.
struct SQLBatches {
    private let connection: any SQLConnection
    private var bytesInTransaction = 0
    private var bytesInWAL = 0

    /// Bytes of rows after which a transaction ends, and after which the WAL is emptied.
    private static let transactionLimit = 8_000_000
    private static let walLimit = 64_000_000

    /// Starts the first transaction; ``finish()`` or ``abandon()`` ends the last.
    init(on connection: any SQLConnection) throws(SQLError) {
        self.connection = connection
        try connection.beginWriting()
    }

    /// Writes a row.
    ///
    /// - Parameter bytes: how large it is, about.
    mutating func run(_ query: SQLQuery, bytes: Int = 200) throws(SQLError) {
        try connection.run(query)
        bytesInTransaction += bytes
        guard bytesInTransaction >= Self.transactionLimit else { return }
        try connection.commit()
        bytesInWAL += bytesInTransaction
        bytesInTransaction = 0
        if bytesInWAL >= Self.walLimit {
            try connection.run("PRAGMA wal_checkpoint(PASSIVE)")
            bytesInWAL = 0
        }
        try connection.beginWriting()
    }

    func finish() throws(SQLError) {
        try connection.commit()
        try connection.run("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    func abandon() {
        connection.rollback()
    }
}
