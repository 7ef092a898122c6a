internal import SQL
internal import SessionTree

/// What stands in an index.
///
/// A document is a message. Its words are rows of an FTS5 table without contents, one row for each field it has: the row's
/// number is four times the document's and the field's. FTS5 of Debian 12 cannot forget a row whose text is gone, so the
/// words are in several tables, the shards. A document that is gone is no row of `document` any more, and is found no
/// more; its shard is emptied into another later and dropped, which overwrites its words.
enum IndexTables {
    /// Of the tables below and of how words are cut, in `user_version`. Another one is another file: see the name it is opened by.
    static let version: Int64 = 2

    static func areThere(_ connection: any SQLConnection) throws(SQLError) -> Bool {
        try connection.integer("PRAGMA user_version") == version
    }

    static func make(_ connection: any SQLConnection) throws(SQLError) {
        guard try !areThere(connection) else { return }
        try connection.run("PRAGMA auto_vacuum = INCREMENTAL")
        try connection.writing { () throws(SQLError) in
            // Two that come at once: the second waited for the first, which is further by now.
            guard try !areThere(connection) else { return }
            // The columns `name` and `message` have no type: an id that is a blob stays one.
            try connection.run(
                "CREATE TABLE session (id INTEGER PRIMARY KEY, name NOT NULL UNIQUE, fingerprint INTEGER)")
            try connection.run(
                """
                CREATE TABLE document (
                    id INTEGER PRIMARY KEY AUTOINCREMENT, session INTEGER NOT NULL, message NOT NULL,
                    version INTEGER NOT NULL, created INTEGER NOT NULL, role INTEGER, model INTEGER,
                    large INTEGER NOT NULL, UNIQUE (session, message))
                """)
            try connection.run("CREATE INDEX large ON document (id) WHERE large")
            try connection.run("CREATE TABLE word (id INTEGER PRIMARY KEY, text NOT NULL UNIQUE)")
            // `first`: the lowest number that a document in it has. `gone`: of how many the words are to be overwritten.
            try connection.run(
                """
                CREATE TABLE shard (
                    id INTEGER PRIMARY KEY AUTOINCREMENT, first INTEGER NOT NULL, octets INTEGER NOT NULL,
                    gone INTEGER NOT NULL)
                """)
            try connection.run("PRAGMA user_version = 2")
        }
    }

    /// The table of a shard's words.
    static func words(_ shard: Int64) -> SQLIdentifier {
        SQLIdentifier("words\(shard)")
    }

    /// Makes a shard for the documents that come from now on.
    static func makeShard(_ connection: any SQLConnection) throws(SQLError) -> Int64 {
        // Numbers of documents are not used twice.
        let last = try connection.integer("SELECT seq FROM sqlite_sequence WHERE name = 'document'") ?? 0
        try connection.run("INSERT INTO shard (first, octets, gone) VALUES (\(last + 1), 0, 0)")
        let shard = try connection.integer("SELECT max(id) FROM shard") ?? 0
        // No positions: phrases are looked for in the texts. No lengths: results are not ordered by how often. The words
        // have been cut already, and `ascii` only parts them where there is a space.
        try connection.run(
            """
            CREATE VIRTUAL TABLE \(words(shard)) USING fts5 \
            (text, content='', detail='none', columnsize=0, tokenize='ascii')
            """)
        // Merged once, when it is complete, and not again and again before.
        try connection.run("INSERT INTO \(words(shard)) (\(words(shard)), rank) VALUES ('automerge', 16)")
        return shard
    }

    static func row(_ document: Int64, _ field: Int) -> Int64 { document * 4 + Int64(field) }
    static func document(_ row: Int64) -> Int64 { row >> 2 }

    /// The field that a row is of.
    static func field(_ row: Int64) -> SearchFields { SearchFields(SearchField.ofMessages[Int(row & 3)]) }
}
