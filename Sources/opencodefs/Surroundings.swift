internal import MySQLDriver
internal import SQL
internal import SessionModel
internal import SessionStore
internal import Timing

/// What a mount says of its database beside the history in it.
struct Surroundings {
    /// What status.json begins with.
    let description: JSONObject
    /// Bytes that it takes, and bytes that are left for it. Never waits long.
    let volume: @Sendable () -> (used: Int64, free: Int64)
}

extension History {
    /// How a store and its server get along at the moment; empty for a file.
    static func condition(of store: any SessionStore) -> JSONObject {
        var report = JSONObject()
        guard let condition = (store as? TeamStore)?.condition else { return report }
        report.add("reachable", .boolean(condition.awaySince == nil))
        report.add("answered", condition.answered.map { .string($0.rfc3339) })
        report.add("awaySince", condition.awaySince.map { .string($0.rfc3339) })
        report.add("returned", condition.returned.map { .string($0.rfc3339) })
        report.add("polls", .integer(condition.polls))
        report.add("retries", .integer(condition.retries))
        report.add("lastError", condition.lastError.map { .string($0) })
        return report
    }

    /// The project of sessions that name none. Asks git, by a fork: never while SQLite has a database open.
    static func home(of provider: Provider) -> ProjectIdentity {
        switch provider {
        case .file(let path): ProjectIdentity(database: path)
        // The same for everybody, wherever they are: the database's own name.
        case .server(let server): ProjectIdentity(remote: nil, directory: "/\(server.settings.database)")
        }
    }

    /// - Parameter options: of the mount.
    static func surroundings(
        of provider: Provider, _ options: MountOptions
    ) throws(CommandFailure) -> Surroundings {
        var description = JSONObject()
        switch provider {
        case .file(let path):
            // Words of OpenCode's own status line.
            description.add("Provider", .string("local"))
            description.add("database", .string(path))
            return Surroundings(description: description) {
                (System.size(path) + System.size(path + "-wal"), System.freeSpace(path))
            }
        case .server(let server):
            let connection = try connect(server)
            let facts: MySQLServerFacts
            do throws(SQLError) {
                facts = try connection.serverFacts()
            } catch {
                throw ServerFailure(error, server.settings).failure
            }
            description.add("Provider", .string("remote"))
            description.add("database", .string(provider.name))
            description.add("user", .string(server.settings.user))
            description.add("server", .string(facts.version))
            // Whether what was saved outlives a power cut, there.
            description.add("durable", .boolean(facts.isDurable))
            description.add("tls", .string(server.settings.encryption.word))
            description.add("connections", .integer(server.limits.connections))
            description.add("pollSeconds", .stored(options.pollInterval / .seconds(1)))
            let volume = ServerVolume(MySQLConnection.opener(server.settings), connection)
            return Surroundings(description: description) { (volume.used, ServerVolume.free) }
        }
    }
}
