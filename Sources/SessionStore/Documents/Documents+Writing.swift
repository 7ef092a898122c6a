private import SQL
package import SessionModel
package import Timing

/// How documents come and go.
///
/// What `rm` takes is marked first: `rm -r` of a session takes its documents before it takes the session, and they belong to
/// it in the trash. The row stays, unmarked, when the session has gone; so it is there when the session is back,
/// whoever brings it back.
extension Documents {
    /// Makes a text a document's, durably, unless something else stands there than it may replace (rule W3).
    package func save(
        _ save: DocumentSave, as name: DocumentName, of session: Session.ID, _ patience: Patience
    ) throws(StoreError) -> DocumentSave.Outcome {
        try writing(patience) { (connection) throws(SQLError) in
            let text = SQLValue.blob(save.bytes)
            var current: (digest: UInt64, isSame: Bool)?
            var isMarked = false
            try connection.rows(
                "SELECT digest, bytes = \(text), removed FROM document WHERE \(self.row(name, of: session))"
            ) { (row) throws(SQLError) in
                isMarked = row.integer(at: 2) != nil
                guard !isMarked else { return }
                current = (UInt64(bitPattern: row.integer(at: 0) ?? 0), row.integer(at: 1) == 1)
            }
            if current?.isSame == true {
                if let modified = save.modified { try self.setModified(modified, name, session, connection) }
                return .unchanged
            }
            guard current?.digest == save.expected else { return .conflict }
            let (modified, digest) = (save.modified ?? Trash.now(), Int64(bitPattern: save.digest))
            if current != nil || isMarked {
                try connection.run(
                    """
                    UPDATE document SET bytes = \(text), digest = \(digest), modified = \(modified), removed = NULL,
                        missed = NULL
                    WHERE \(self.row(name, of: session))
                    """)
            } else {
                try connection.run(
                    """
                    INSERT INTO document (source, session, name, modified, digest, bytes)
                    VALUES (\(self.source), \(session.value), \(name.rawValue), \(modified), \(digest), \(text))
                    """)
            }
            return .saved
        }
    }

    /// Sets when a document says it changed, in milliseconds since 1970.
    package func touch(
        _ name: DocumentName, of session: Session.ID, milliseconds: Int64, _ patience: Patience
    ) throws(StoreError) {
        guard mayHoldAny else { throw .notFound }
        let count = try writing(patience) { (connection) throws(SQLError) in
            try self.setModified(milliseconds, name, session, connection)
        }
        guard count > 0 else { throw .notFound }
    }

    @discardableResult
    private func setModified(
        _ milliseconds: Int64, _ name: DocumentName, _ session: Session.ID, _ connection: any SQLConnection
    ) throws(SQLError) -> Int {
        try connection.run(
            "UPDATE document SET modified = \(milliseconds) WHERE \(row(name, of: session)) AND removed IS NULL")
    }

    /// Removes a document: it is marked.
    ///
    /// - Parameter isForGood: whether nothing is left of it.
    /// - Throws: `.notFound`
    package func remove(
        _ name: DocumentName, of session: Session.ID, isForGood: Bool, _ patience: Patience
    ) throws(StoreError) {
        guard mayHoldAny else { throw .notFound }
        let count = try writing(patience) { (connection) throws(SQLError) in
            let row: SQLQuery = "\(self.row(name, of: session)) AND removed IS NULL"
            return isForGood
                ? try connection.run("DELETE FROM document WHERE \(row)")
                : try connection.run("UPDATE document SET removed = \(Trash.now()) WHERE \(row)")
        }
        guard count > 0 else { throw .notFound }
    }

    /// Unmarks what was removed of a session since a moment: it goes with the session, and comes back with it.
    ///
    /// - Parameter moment: milliseconds since 1970.
    /// - Returns: what it was.
    package func unmark(
        _ session: Session.ID, since moment: Int64, _ patience: Patience
    ) throws(StoreError) -> [DocumentName] {
        guard mayHoldAny else { return [] }
        return try writing(patience) { (connection) throws(SQLError) in
            let row: SQLQuery = "\(self.rows(of: session)) AND removed >= \(moment)"
            let names = try connection.column("SELECT name FROM document WHERE \(row)")
            if !names.isEmpty { try connection.run("UPDATE document SET removed = NULL WHERE \(row)") }
            return names.compactMap { name in
                DocumentName(rawValue: String(decoding: name.bytes ?? [], as: UTF8.self))
            }
        }
    }

    /// Drops what is not to come back any more: marked, or of a session that nobody has, for longer than the trash keeps.
    ///
    /// A session that is nowhere is not taken for gone at once: somebody may be copying it, documents first, or a
    /// database that is away for a day may come back.
    ///
    /// - Parameter sessions: those of the history and of the trash.
    package func sweep(keeping sessions: Set<Session.ID>, days: Int, _ patience: Patience) throws(StoreError) {
        guard mayHoldAny else { return }
        let now = Trash.now()
        let (span, overflow) = Int64(days).multipliedReportingOverflow(by: 86_400_000)
        let limit = now - (overflow ? now : span)
        let dropped = try writing(patience) { (connection) throws(SQLError) in
            var known: [SQLValue] = []
            try connection.rows("SELECT DISTINCT session FROM document WHERE source = \(self.source)") {
                (row) throws(SQLError) in known.append(row.value(at: 0))
            }
            for value in known {
                guard let session = Session.ID(value) else { continue }
                if sessions.contains(session) {
                    try connection.run(
                        "UPDATE document SET missed = NULL WHERE \(self.rows(of: session)) AND missed IS NOT NULL")
                } else {
                    try connection.run(
                        "UPDATE document SET missed = \(now) WHERE \(self.rows(of: session)) AND missed IS NULL")
                }
            }
            return try connection.run(
                """
                DELETE FROM document WHERE source = \(self.source) AND (removed < \(limit) OR missed < \(limit))
                """)
        }
        if dropped > 0 { try giveSpaceBack(patience) }
    }

    private func giveSpaceBack(_ patience: Patience) throws(StoreError) {
        do throws(SQLError) {
            _ = try pool.lend(patience) { (connection) throws(SQLError) in
                try connection.run("PRAGMA incremental_vacuum")
            }
        } catch {
            throw StoreError(error)
        }
    }
}
