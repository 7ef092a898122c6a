package import SQL
package import Timing

extension DemoHistory {
    /// Makes the empty tables of a family in an empty database, its journal of migrations filled as if they had all run
    /// at the given moment.
    ///
    /// - Parameter withTriggers: whether the Go family's triggers are there from the beginning.
    ///
    /// Switches the file to WAL first, as OpenCode does. Must not be called inside a transaction.
    package static func createTables(
        _ family: Family, on connection: any SQLConnection,
        at moment: Timestamp = Timestamp(milliseconds: 1_793_491_200_000), withTriggers: Bool = true
    ) throws(SQLError) {
        guard family != .go else {
            try connection.run("PRAGMA journal_mode=WAL")
            return try connection.writing { () throws(SQLError) in
                try GoTables.create(on: connection, at: moment)
                guard withTriggers else { return }
                for statement in GoTables.triggers { try connection.run(SQLQuery(stringLiteral: statement)) }
            }
        }
        let (statements, migrations) =
            switch family {
            case .v1, .go: (V1Schema.statements, Migrations.v1)
            case .v2: (V2Schema.statements, Migrations.v1 + Migrations.v2)
            case .both: (V1Schema.statements + V2Upgrade.statements, Migrations.v1 + Migrations.v2)
            }
        try connection.run("PRAGMA journal_mode=WAL")
        try connection.writing { () throws(SQLError) in
            for statement in statements { try connection.run(SQLQuery(stringLiteral: statement)) }
            for migration in migrations {
                try connection.run(
                    "INSERT INTO migration (id, time_completed) VALUES (\(migration), \(moment.milliseconds))")
            }
            // Session databases of 2.0 that came from 1.x say how far the rows were copied (v1-migration.bun.ts).
            if family == .both {
                try connection.run(
                    """
                    INSERT INTO kv (key, value, time_created, time_updated)
                    VALUES ('migration.v1-v2', '{"phase":"completed"}', \(moment.milliseconds), \(moment.milliseconds))
                    """)
            }
        }
    }
}
