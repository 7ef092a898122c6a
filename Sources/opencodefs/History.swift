internal import SQL
internal import SQLiteDriver
internal import SessionModel
internal import SessionStore
internal import Timing

/// Opens what a command works on. The only place that knows which provider and which store there are.
enum History {
    /// The store of a database file.
    ///
    /// - Parameters:
    ///   - path: without links.
    ///   - trash: where removed rows go, if anywhere.
    ///   - isReadOnly: whether the user wants nothing written.
    ///   - home: the project of sessions that name none.
    ///   - migration: what brings tables of the Go OpenCode up to date where they can be written; nil to leave them.
    static func open(
        _ path: String, trash: Trash?, isReadOnly: Bool, home: ProjectIdentity, migration: Migration?
    ) throws(CommandFailure) -> any SessionStore {
        let cannotWrite = isReadOnly ? "mounted with -o ro" : readOnlyReason(path)
        let access: SQLiteConnection.Access = cannotWrite == nil ? .readWrite : .readOnly
        let open = { @Sendable () throws(SQLError) -> any SQLConnection in
            try SQLiteConnection(path: path, access: access)
        }
        let opened: Result<any SessionStore, CommandFailure>
        do throws(StoreError) {
            opened = try SchemaFamily.recognised(open) { (family) throws(StoreError) in
                switch family {
                case .typeScript:
                    return .success(try TypeScriptStore(open: open, trash: trash, readOnlyReason: cannotWrite))
                case .go:
                    if let migration, cannotWrite == nil {
                        do throws(CommandFailure) {
                            try migration.run(try connect(path), home: home)
                        } catch {
                            return .failure(error)
                        }
                    }
                    return .success(try GoStore(open: open, trash: trash, readOnlyReason: cannotWrite, home: home))
                }
            }
        } catch {
            throw failure(error, path)
        }
        return try opened.get()
    }

    /// A connection for restoring and migrating.
    static func connect(_ path: String) throws(CommandFailure) -> any SQLConnection {
        do throws(SQLError) {
            return try SQLiteConnection(path: path, access: .readWrite)
        } catch {
            throw failure(StoreError(error), path)
        }
    }

    /// The trash for what is removed from a database.
    static func trash(for database: String) throws(CommandFailure) -> Trash {
        let path = try StateDirectory.make() + "/trash.db"
        do throws(SQLError) {
            return try Trash(source: database) { () throws(SQLError) in
                try SQLiteConnection(path: path, access: .create)
            }
        } catch {
            throw CommandFailure(
                .failure,
                "cannot open the trash \(path): \(error.message); mend it, or mount with -o trash=0 or -o ro"
            )
        }
    }

    private static func readOnlyReason(_ path: String) -> String? {
        if !System.isWritable(path) { return "the database file cannot be written" }
        // SQLite keeps its journal beside the file.
        return System.isWritable(directory(of: path)) ? nil : "the directory of the database cannot be written"
    }

    private static func directory(of path: String) -> String {
        let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        return directory.isEmpty ? "/" : directory
    }

    static func failure(_ error: StoreError, _ path: String) -> CommandFailure {
        switch error {
        case .unsupportedSchema(let reason): CommandFailure(.unknownSchema, "cannot use \(path): \(reason)")
        case .busy:
            CommandFailure(.busy, "\(path) is locked by another program; try again, or find it with: fuser -v \(path)")
        case .unavailable(let reason), .readOnly(let reason):
            if !System.isWritable(directory(of: path)) {
                CommandFailure(
                    .failure,
                    "cannot read \(path): it keeps a write-ahead log, for which its directory must be writable; mount as its owner, or copy the database with its -wal into a directory of your own"
                )
            } else {
                CommandFailure(.failure, "cannot read \(path): \(reason)")
            }
        case .notFound, .notEmpty, .taken, .notAllowed, .full, .tooLarge, .expired, .cancelled:
            CommandFailure(.failure, "cannot open \(path): \(error)")
        }
    }
}
