import SQL
import Testing
import Timing

@Suite struct ConnectionPoolTests {
    private let diary = FakeConnection.Diary()

    private func pool() -> ConnectionPool {
        ConnectionPool { [diary] (_) throws(SQLError) in FakeConnection(diary) }
    }

    @Test func `a connection is opened when one is needed and lent again when it is back`() throws {
        let pool = pool()
        #expect(diary.entries.isEmpty)
        for _ in 0..<3 { try pool.lend(.lasting(.seconds(1))) { (_) throws(SQLError) in } }
        #expect(diary.entries == ["open"])
    }

    @Test func `who borrows while another has borrowed gets a connection of their own`() throws {
        let pool = pool()
        try pool.lend(.lasting(.seconds(1))) { (first) throws(SQLError) in
            try pool.lend(.lasting(.seconds(1))) { (second) throws(SQLError) in #expect(first !== second) }
        }
        try pool.lend(.lasting(.seconds(1))) { (_) throws(SQLError) in
            try pool.lend(.lasting(.seconds(1))) { (_) throws(SQLError) in }
        }
        #expect(diary.entries == ["open", "open"])
    }

    @Test func `a connection obeys its borrower's patience`() throws {
        let pool = pool()
        for patience in [Patience.lasting(.seconds(3)), .lasting(.seconds(9))] {
            try pool.lend(patience) { (connection) throws(SQLError) in
                #expect(connection.patience.deadline == patience.deadline)
            }
        }
    }

    @Test func `a connection comes back from a borrower who fails`() {
        let pool = pool()
        #expect(throws: SQLError.self) {
            try pool.lend(.lasting(.seconds(1))) { (_) throws(SQLError) in throw SQLError(.busy, message: "") }
        }
        #expect(throws: Never.self) { try pool.lend(.lasting(.seconds(1))) { (_) throws(SQLError) in } }
        #expect(diary.entries == ["open"])
    }

    @Test func `a closed pool closes what is idle at once and what is lent when it comes back`() throws {
        let pool = pool()
        try pool.lend(.lasting(.seconds(1))) { (_) throws(SQLError) in
            try pool.lend(.lasting(.seconds(1))) { (_) throws(SQLError) in }
            pool.close()
            #expect(diary.entries == ["open", "open", "close"])
        }
        #expect(diary.entries == ["open", "open", "close", "close"])
        let refusal = #expect(throws: SQLError.self) {
            try pool.lend(.lasting(.seconds(1))) { (_) throws(SQLError) in }
        }
        #expect(refusal?.kind == .unavailable)
        #expect(diary.entries.count == 4)
    }

    @Test func `a connection that cannot be opened is no connection`() {
        let pool = ConnectionPool { (_) throws(SQLError) in throw SQLError(.unavailable, message: "gone") }
        let refusal = #expect(throws: SQLError.self) {
            try pool.lend(.lasting(.seconds(1))) { (_) throws(SQLError) in }
        }
        #expect(refusal?.message == "gone")
    }
}

@Suite struct TransactionTests {
    private let diary = FakeConnection.Diary()

    @Test func `a transaction that reads is undone, whatever comes of it`() throws {
        let connection = FakeConnection(diary)
        #expect(try connection.reading { () throws(SQLError) in 5 } == 5)
        #expect(diary.entries == ["open", "begin reading", "rollback"])
        #expect(throws: SQLError.self) {
            try connection.reading { () throws(SQLError) in throw SQLError(.busy, message: "") }
        }
        #expect(diary.entries == ["open", "begin reading", "rollback", "begin reading", "rollback"])
    }

    @Test func `a transaction that writes is committed`() throws {
        let connection = FakeConnection(diary)
        #expect(try connection.writing { () throws(SQLError) in try connection.run("DELETE") } == 1)
        #expect(diary.entries == ["open", "begin writing", "DELETE", "commit"])
    }

    @Test(arguments: [("DELETE", false), ("commit", true)])
    func `a transaction that fails is undone`(failing: String, isTried: Bool) {
        let connection = FakeConnection(diary, failing: [failing])
        let refusal = #expect(throws: SQLError.self) {
            try connection.writing { () throws(SQLError) in _ = try connection.run("DELETE") }
        }
        #expect(refusal?.message == failing)
        #expect(diary.entries == ["open", "begin writing", "DELETE"] + (isTried ? ["commit"] : []) + ["rollback"])
    }

    @Test func `a transaction that cannot begin does nothing`() {
        let connection = FakeConnection(diary, failing: ["begin writing"])
        #expect(throws: SQLError.self) {
            try connection.writing { () throws(SQLError) in _ = try connection.run("DELETE") }
        }
        #expect(diary.entries == ["open", "begin writing"])
    }

    @Test func `short questions have short answers`() throws {
        let connection = FakeConnection(diary)
        #expect(try connection.integer("SELECT") == 1)
        #expect(try connection.column("SELECT") == [.integer(1), .integer(2), .integer(3)])
        #expect(try connection.exists("SELECT"))
    }
}
