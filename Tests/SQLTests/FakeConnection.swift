import SQL
import Synchronization
import Timing

/// A connection without a database that writes down what is asked of it, and fails where it is told to.
final class FakeConnection: SQLConnection, @unchecked Sendable {
    let dialect = SQLQueryTests.dialect
    var patience = Patience.lasting(.zero)
    private let diary: Diary
    private let failing: Set<String>

    /// What all connections of a test did, in order.
    final class Diary: Sendable {
        private let lines = Mutex<[String]>([])

        var entries: [String] { lines.withLock { $0 } }
        func note(_ line: String) { lines.withLock { $0.append(line) } }
    }

    init(_ diary: Diary = Diary(), failing: Set<String> = []) {
        self.diary = diary
        self.failing = failing
        diary.note("open")
    }

    deinit {
        diary.note("close")
    }

    private func note(_ line: String) throws(SQLError) {
        diary.note(line)
        if failing.contains(line) { throw SQLError(.full, message: line) }
    }

    func rows(_ query: SQLQuery, _ body: (any SQLRow) throws(SQLError) -> Void) throws(SQLError) {
        try note(query.rendered(for: dialect).text)
        for value in [1, 2, 3] as [Int64] { try body(FakeRow(number: value)) }
    }

    func run(_ query: SQLQuery) throws(SQLError) -> Int {
        try note(query.rendered(for: dialect).text)
        return 1
    }

    func beginReading() throws(SQLError) { try note("begin reading") }
    func beginWriting() throws(SQLError) { try note("begin writing") }
    func commit() throws(SQLError) { try note("commit") }
    func rollback() { diary.note("rollback") }
    func changeCounter() throws(SQLError) -> Int64 { 0 }
    func schema() throws(SQLError) -> SQLSchema { SQLSchema(tables: [:], references: []) }
    func schemaCounter() throws(SQLError) -> Int64 { 0 }
}

private struct FakeRow: SQLRow {
    let number: Int64

    func value(at column: Int) -> SQLValue { .integer(number) }
    func integer(at column: Int) -> Int64? { number }
    func bytes(at column: Int) -> [UInt8]? { nil }
}
