internal import SQL
internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Timing

/// A message as an index knows it.
struct IndexedDocument {
    let id: Int64
    let session: Session.ID
    let message: Message.ID
    let version: Int64

    /// The first documents of a shard.
    static func first(
        _ count: Int64, in shard: Int64, _ connection: any SQLConnection
    ) throws(SQLError) -> [IndexedDocument] {
        var documents: [IndexedDocument] = []
        try connection.rows(
            """
            SELECT document.id, session.name, message, version FROM document JOIN session ON session.id = session \
            WHERE document.id >= (SELECT first FROM shard WHERE id = \(shard)) \
            AND document.id < coalesce((SELECT first FROM shard WHERE id > \(shard) ORDER BY id LIMIT 1), \
            9223372036854775807) ORDER BY document.id LIMIT \(count)
            """
        ) { (row) throws(SQLError) in
            guard let session = Session.ID(row.value(at: 1)), let message = Message.ID(row.value(at: 2)) else { return }
            documents.append(
                IndexedDocument(
                    id: row.integer(at: 0) ?? 0, session: session, message: message, version: row.integer(at: 3) ?? 0))
        }
        return documents
    }
}

/// What an index knows of a session's messages, or will know when what was read has been written.
struct IndexedSession: Sendable {
    /// Their numbers, nil of those that are not written yet; and their versions.
    fileprivate(set) var documents: [Message.ID: (id: Int64?, version: Int64)] = [:]

    init() {}

    init(_ session: Session.ID, _ connection: any SQLConnection) throws(SQLError) {
        try connection.rows(
            """
            SELECT document.id, message, version FROM document \
            WHERE session = (SELECT id FROM session WHERE name = \(session.value))
            """
        ) { (row) throws(SQLError) in
            guard let message = Message.ID(row.value(at: 1)) else { return }
            documents[message] = (row.integer(at: 0), row.integer(at: 2) ?? 0)
        }
    }
}

/// Messages that were read, to be written in one transaction.
struct IndexBatch: Sendable {
    private struct Entry {
        let session: Session.ID
        let message: Message.ID
        let version: Int64
        /// Nil: too large to hold, and read for each search.
        let content: IndexedMessage?
        /// The document that it takes the place of, and without which it is not written; nil where it need not have one.
        let moved: Int64?
    }

    private var entries: [Entry] = []
    /// Documents that are gone, or another version by now.
    private var gone: [Int64] = []
    /// Sessions of which all has been read, and what they were then: their fingerprints, and the versions of their messages.
    private var whole: [(session: Session.ID, fingerprint: Int64, versions: [Message.ID: Int64])] = []
    /// Sessions that turned out to be other than was known.
    private var changed: [Session.ID] = []
    /// Bytes that were read.
    private(set) var octets = 0
    /// How many sessions an index knows more, once this is written.
    var sessions: Int { whole.count }
    private var words = IndexedWords()
    private var messages = 0

    /// Bytes that make it full.
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    var isEmpty: Bool { entries.isEmpty && gone.isEmpty && whole.isEmpty && changed.isEmpty }
    var isFull: Bool { octets >= limit || messages >= 5000 }

    /// Reads what an index does not know of a session yet, as long as there is room.
    ///
    /// - Parameter known: what it knows; of what is read here this is noted.
    /// - Returns: whether it knows all of it then.
    mutating func read(
        _ session: Session.ID, _ known: inout IndexedSession, _ snapshot: any HistorySnapshot, _ patience: Patience
    ) throws(StoreError) -> Bool {
        guard let fingerprint = try snapshot.fingerprints(of: session)[session] else { return true }
        var there: [Message] = []
        try snapshot.messages(of: session) { (message) throws(StoreError) in there.append(message) }
        var left = known.documents
        var versions: [Message.ID: Int64] = [:]
        for message in there {
            let document = left.removeValue(forKey: message.id)
            let version = Self.version(of: message)
            versions[message.id] = version
            if let document, document.version == version { continue }
            guard !isFull else {
                // Somebody else may have read all of it since, at a later version than what is written now.
                changed.append(session)
                return false
            }
            try patience.check("the index is not finished")
            if let number = document?.id { gone.append(number) }
            try add(message, version, moved: nil, snapshot)
            known.documents[message.id] = (nil, version)
        }
        gone += left.values.compactMap(\.id)
        whole.append((session, fingerprint, versions))
        return true
    }

    /// Reads a message once more, that its words may be elsewhere.
    mutating func read(
        again document: IndexedDocument, _ snapshot: any HistorySnapshot, _ patience: Patience
    ) throws(StoreError) {
        try patience.check("the index is not finished")
        guard let message = try snapshot.message(document.message, of: document.session),
            Self.version(of: message) == document.version
        else {
            gone.append(document.id)
            changed.append(document.session)
            return
        }
        try add(message, document.version, moved: document.id, snapshot)
    }

    static func version(of message: Message) -> Int64 {
        Int64(bitPattern: MessageFile.version(of: message).digest)
    }

    private mutating func add(
        _ message: Message, _ version: Int64, moved: Int64?, _ snapshot: any HistorySnapshot
    ) throws(StoreError) {
        messages += 1
        var content: IndexedMessage?
        if message.texts.reduce(0, { $0 + $1.octets }) <= IndexedMessage.largest {
            do throws(ViewError) {
                content = try IndexedMessage(message, in: SnapshotTexts(snapshot), &words)
            } catch {
                throw StoreError(error)
            }
        }
        octets += content?.octets ?? 0
        entries.append(
            Entry(session: message.session, message: message.id, version: version, content: content, moved: moved))
    }

    // MARK: Writing

    /// Runs in a transaction that writes.
    ///
    /// - Parameter shardLimit: bytes of text whose words are in one shard, about.
    func write(_ connection: any SQLConnection, shardLimit: Int) throws(SQLError) {
        for document in gone { try Self.drop(document, connection) }
        for session in changed {
            try connection.run("UPDATE session SET fingerprint = NULL WHERE name = \(session.value)")
        }
        var sessions: [Session.ID: Int64] = [:]
        var words: [[UInt8]: Int64] = [:]
        var shard = try Self.openShard(connection)
        for entry in entries {
            let session: Int64
            if let known = sessions[entry.session] {
                session = known
            } else {
                session = try Self.number(of: entry.session, connection)
                sessions[entry.session] = session
            }
            try Self.write(entry, session, &shard, &words, connection)
            if shard.octets > Int64(shardLimit) { shard = try Self.close(shard, connection) }
        }
        try connection.run("UPDATE shard SET octets = \(shard.octets) WHERE id = \(shard.id)")
        for (session, fingerprint, versions) in whole {
            let number = try Self.number(of: session, connection)
            // What this was read by may be true no more: the file may be another one, or somebody else has written. A session is
            // believed when all of it is here.
            guard try IndexedSession(session, connection).documents.mapValues(\.version) == versions else { continue }
            try connection.run("UPDATE session SET fingerprint = \(fingerprint) WHERE id = \(number)")
        }
    }

    private static func write(
        _ entry: Entry, _ session: Int64, _ shard: inout (id: Int64, octets: Int64), _ known: inout [[UInt8]: Int64],
        _ connection: any SQLConnection
    ) throws(SQLError) {
        // Somebody else may have been here since this was read.
        if let moved = entry.moved, try !drop(moved, connection) { return }
        if let other = try connection.integer(Self.document(.integer(session), entry.message.value)) {
            try drop(other, connection)
        }
        let facts = entry.content?.facts
        let role = try number(ofWord: facts?.role, &known, connection)
        let model = try number(ofWord: facts?.model, &known, connection)
        try connection.run(
            Self.insert(
                .integer(session), entry.message.value, .integer(entry.version), .integer(facts?.moment ?? 0),
                role.map { .integer($0) } ?? .null, model.map { .integer($0) } ?? .null,
                .integer(entry.content == nil ? 1 : 0)))
        guard let content = entry.content, let document = try connection.integer(Self.lastRow()) else { return }
        let table = IndexTables.words(shard.id)
        for (field, words) in content.words.enumerated() where !words.isEmpty {
            try connection.run(
                """
                INSERT INTO \(table) (rowid, text) \
                VALUES (\(IndexTables.row(document, field)), \(SQLValue.text(words)))
                """)
        }
        shard.octets += Int64(content.octets)
    }

    /// Ends a shard that is complete: one segment answers quickest, and is smallest.
    ///
    /// - Returns: the one that documents go into from now on.
    private static func close(
        _ shard: (id: Int64, octets: Int64), _ connection: any SQLConnection
    ) throws(SQLError) -> (id: Int64, octets: Int64) {
        try connection.run("UPDATE shard SET octets = \(shard.octets) WHERE id = \(shard.id)")
        let table = IndexTables.words(shard.id)
        try connection.run("INSERT INTO \(table) (\(table)) VALUES ('optimize')")
        return (try IndexTables.makeShard(connection), 0)
    }

    private static let document = SQLTemplate(
        "SELECT id FROM document WHERE session = \(.parameter) AND message = \(.parameter)")
    private static let insert = SQLTemplate(
        """
        INSERT INTO document (session, message, version, created, role, model, large) \
        VALUES (\(.parameter), \(.parameter), \(.parameter), \(.parameter), \(.parameter), \(.parameter), \(.parameter))
        """)
    private static let lastRow = SQLTemplate("SELECT last_insert_rowid()")

    /// The shard that documents go into now.
    private static func openShard(_ connection: any SQLConnection) throws(SQLError) -> (id: Int64, octets: Int64) {
        var last: (id: Int64, octets: Int64)?
        try connection.rows("SELECT id, octets FROM shard ORDER BY id DESC LIMIT 1") { (row) throws(SQLError) in
            last = (row.integer(at: 0) ?? 0, row.integer(at: 1) ?? 0)
        }
        if let last { return last }
        return (try IndexTables.makeShard(connection), 0)
    }

    private static func number(of session: Session.ID, _ connection: any SQLConnection) throws(SQLError) -> Int64 {
        let name = session.value
        if let known = try connection.integer("SELECT id FROM session WHERE name = \(name)") { return known }
        try connection.run("INSERT INTO session (name) VALUES (\(name))")
        return try connection.integer(Self.lastRow()) ?? 0
    }

    /// - Parameter known: words that have been looked for in this transaction.
    private static func number(
        ofWord word: [UInt8]?, _ known: inout [[UInt8]: Int64], _ connection: any SQLConnection
    ) throws(SQLError) -> Int64? {
        guard let word else { return nil }
        if let number = known[word] { return number }
        let text = SQLValue.text(word)
        var number = try connection.integer("SELECT id FROM word WHERE text = \(text)")
        if number == nil {
            try connection.run("INSERT INTO word (text) VALUES (\(text))")
            number = try connection.integer(Self.lastRow())
        }
        known[word] = number
        return number
    }

    /// Forgets a document. It is found no more from then on; its words are overwritten when its shard is dropped.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    static func drop(_ document: Int64, _ connection: any SQLConnection) throws(SQLError) -> Bool {
        guard try connection.run(Self.delete(.integer(document))) > 0 else { return false }
        try connection.run(Self.note(.integer(document)))
        return true
    }

    private static let delete = SQLTemplate("DELETE FROM document WHERE id = \(.parameter)")
    private static let note = SQLTemplate(
        """
        UPDATE shard SET gone = gone + 1 \
        WHERE id = (SELECT id FROM shard WHERE first <= \(.parameter) ORDER BY first DESC LIMIT 1)
        """)
}
