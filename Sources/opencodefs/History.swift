internal import SQL
internal import SQLiteDriver
internal import SessionModel
internal import SessionStore
internal import Timing

/// Opens what a command works on. The only place that knows which provider and which store there are.
enum History {
    /// How a history is opened.
    struct Wishes {
        /// Where removed rows go, if anywhere.
        var trash: Trash?
        /// Whether the user wants nothing written.
        var isReadOnly = false
        /// The project of sessions that name none.
        let home: ProjectIdentity
        /// What brings tables of the Go OpenCode up to date where they can be written; nil to leave them.
        var migration: Migration?
        /// A server is asked what is new once in that time.
        var pollInterval = Duration.seconds(1)
    }

    static func open(_ provider: Provider, _ wishes: Wishes) throws(CommandFailure) -> any SessionStore {
        switch provider {
        case .file(let path): try open(path, wishes)
        case .server(let server): try open(server, wishes)
        }
    }

    /// The store of a database file, or of a directory of OpenCode 1.1.
    private static func open(_ path: String, _ wishes: Wishes) throws(CommandFailure) -> any SessionStore {
        if LegacyDirectory.isOne(path) {
            do throws(StoreError) { return try LegacyStore(files: LegacyDirectory(path: path)) } catch {
                throw failure(error, .file(path: path))
            }
        }
        let cannotWrite = wishes.isReadOnly ? "mounted with -o ro" : readOnlyReason(path)
        let access: SQLiteConnection.Access = cannotWrite == nil ? .readWrite : .readOnly
        let open = { @Sendable (_: Patience) throws(SQLError) -> any SQLConnection in
            try SQLiteConnection(path: path, access: access)
        }
        let opened: Result<any SessionStore, CommandFailure>
        do throws(StoreError) {
            opened = try SchemaFamily.recognised(open) { (family) throws(StoreError) in
                switch family {
                case .typeScript:
                    return .success(try TypeScriptStore(open: open, trash: wishes.trash, readOnlyReason: cannotWrite))
                case .go:
                    if let migration = wishes.migration, cannotWrite == nil {
                        do throws(CommandFailure) {
                            try migration.run(try connect(.file(path: path)), home: wishes.home)
                        } catch {
                            return .failure(error)
                        }
                    }
                    return .success(
                        try GoStore(
                            open: open, trash: wishes.trash, readOnlyReason: cannotWrite, home: wishes.home))
                }
            }
        } catch {
            throw failure(error, .file(path: path))
        }
        return try opened.get()
    }

    /// A connection for restoring and migrating.
    static func connect(_ provider: Provider) throws(CommandFailure) -> any SQLConnection {
        switch provider {
        case .file(let path):
            do throws(SQLError) {
                return try SQLiteConnection(path: path, access: .readWrite)
            } catch {
                throw failure(StoreError(error), provider)
            }
        case .server(let server): return try connect(server)
        }
    }

    /// Where the trash is, if there is one.
    static var trashPath: String { StateDirectory.path + "/trash.db" }

    /// The trash for what is removed from a database.
    ///
    /// - Parameter name: of the database, as ``Provider/name`` has it.
    static func trash(for name: String) throws(CommandFailure) -> Trash {
        let path = try StateDirectory.make() + "/trash.db"
        do throws(SQLError) {
            return try Trash(source: name) { (_) throws(SQLError) in
                try SQLiteConnection(path: path, access: .create)
            }
        } catch {
            throw CommandFailure(
                .failure,
                "cannot open the trash \(path): \(error.message); mend it, or mount with -o trash=0 or -o ro"
            )
        }
    }

    /// Takes out of the trash what a mount filed before its removal and did not come to remove. What cannot be told now is
    /// shown in the trash.
    static func settle(_ trash: Trash, _ provider: Provider) {
        _ = try? trash.settle { () throws(SQLError) in
            do throws(CommandFailure) {
                return try connect(provider)
            } catch {
                throw SQLError(.unavailable, message: error.message)
            }
        }
    }

    /// What is kept with the sessions of a database. No file is made before something is.
    ///
    /// - Parameter name: of the database, as ``Provider/name`` has it.
    static func documents(for name: String) -> Documents {
        let path = StateDirectory.path + "/documents.db"
        return Documents(
            source: name, isThere: { System.file(path) != nil },
            open: { (_) throws(SQLError) in
                let directory: String
                do throws(CommandFailure) {
                    directory = try StateDirectory.make()
                } catch {
                    throw SQLError(.unavailable, message: error.message)
                }
                return try SQLiteConnection(path: directory + "/documents.db", access: .create)
            })
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

    /// Why a database cannot be used, and what to do about it.
    static func failure(_ error: StoreError, _ provider: Provider) -> CommandFailure {
        guard case .file(let path) = provider else { return ServerFailure(error, provider.name).failure }
        return switch error {
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
        case .denied(let reason): CommandFailure(.failure, "cannot open \(path): \(reason)")
        case .notFound, .notEmpty, .taken, .notAllowed, .full, .tooLarge, .expired, .cancelled:
            CommandFailure(.failure, "cannot open \(path): \(error)")
        }
    }
}
