internal import SessionModel
internal import SessionStore

extension ProjectIdentity {
    /// The identity of a directory. Asks git, by a fork: never while SQLite has a database open.
    ///
    /// - Parameter name: another path of the directory, to be called by where there is no remote.
    init(directory: String, named name: String? = nil) {
        self.init(remote: Git.origin(of: directory), directory: name ?? directory)
    }

    /// The project of a database of the Go family by where it lies: that of the directory that contains the data
    /// directory. Asks git, as above.
    ///
    /// - Parameter database: without links.
    init(database: String) {
        self.init(directory: GoStore.directory(of: database))
    }
}
