internal import MySQLDriver
internal import SQL
internal import SessionModel
internal import SessionStore
internal import Timing

/// A team's database on a server.
extension History {
    /// The store of a database on a server.
    static func open(_ server: Server, _ wishes: Wishes) throws(CommandFailure) -> any SessionStore {
        let settings = server.settings
        let connection = try connect(server)
        let (tables, rights): (SQLSchema, String?)
        do throws(SQLError) {
            tables = try connection.schema()
            rights =
                tables.isOfTeam ? try ServerRights.readOnlyReason(connection, user: settings.user) : nil
        } catch {
            throw ServerFailure(error, settings).failure
        }
        guard tables.isOfTeam else { throw emptiness(settings, tables) }
        if let migration = wishes.migration, rights == nil, !wishes.isReadOnly {
            try migration.run(connection, home: wishes.home)
        }
        do throws(StoreError) {
            return try TeamStore(
                open: MySQLConnection.opener(settings), limits: server.limits.pool, trash: wishes.trash,
                readOnlyReason: wishes.isReadOnly ? "mounted with -o ro" : rights, home: wishes.home,
                interval: wishes.pollInterval)
        } catch {
            throw ServerFailure(error, settings.name).failure
        }
    }

    /// A connection of its own.
    static func connect(_ server: Server) throws(CommandFailure) -> MySQLConnection {
        do throws(SQLError) {
            let patience = Patience.lasting(server.settings.connectTimeout)
            let connection = try MySQLConnection(server.settings, patience)
            connection.patience = .lasting(.seconds(30))
            return connection
        } catch {
            throw ServerFailure(error, server.settings).failure
        }
    }

    /// What to call a database without tables of OpenCode's, or none that this user may see.
    private static func emptiness(_ settings: MySQLSettings, _ tables: SQLSchema) -> CommandFailure {
        let what =
            tables.tables.keys.allSatisfy { $0 == "goose_db_version" }
            ? "there is no table in it that the user \(settings.user) may see; make them: opencodefs init \(settings.typed), or ask for the GRANTs of docs/team.md"
            : "it has no tables sessions and messages, so it is of no OpenCode we know; name the database of your team"
        return CommandFailure(.unknownSchema, "cannot use \(settings.name): \(what)")
    }
}

extension SQLSchema {
    /// Whether these are tables of the Go OpenCode, which alone knows servers.
    fileprivate var isOfTeam: Bool {
        has("sessions") && has("messages")
    }
}
