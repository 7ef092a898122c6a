import Foundation
import SQL
import TestSupport

/// rm -r of a session with 10,000 messages, beside one DELETE of it and rm -r of the same as plain files.
enum Clearing {
    private static let session = "ses_bench"
    private static let messages = 10_000

    static func measure(_ bench: Workbench) throws {
        let database = try bench.copy()
        let connection = try bench.connect(to: database, synchronous: "FULL")
        let plain = bench.scratch.file("cleared")
        var samples: [Figure.Subject: Samples] = [:]
        var count = 0
        var daemon = DaemonFigure(operation: "`rm -r` of a session")
        for round in 1...bench.rounds {
            try bench.begin("round \(round) of \(bench.rounds): rm -r")
            count = try fill(connection)
            try bench.mounted(database) { server in
                let list = try Run.program(
                    "find", [".", "-type", "d", "-name", "*" + session], in: server.mountpoint)
                guard let folder = list.lines.first else { throw BenchFailure("no \(session): \(list.errors)") }
                _ = try Pass("cp", "-r", folder, plain).run(in: server.mountpoint)
                let before = server.footprint.read
                samples[.mount, default: Samples()].values.append(
                    try Pass("rm", "-r", folder).run(in: server.mountpoint))
                daemon.read = max(daemon.read, server.footprint.read - before)
                daemon.note(server.footprint)
            }
            guard try !connection.exists("SELECT 1 FROM message WHERE session_id = \(session)") else {
                throw BenchFailure("rm -r left messages behind")
            }
            samples[.plain, default: Samples()].values.append(try Pass("rm", "-r", plain).run(in: "/"))
            _ = try fill(connection)
            let duration = try ContinuousClock().measure {
                _ = try connection.writing { () throws(SQLError) in
                    try connection.run("DELETE FROM session WHERE id = \(session)")
                }
            }
            samples[.sqlite, default: Samples()].values.append(duration)
        }
        bench.add(Figure.Key(section: "Removing a session", operation: "`rm -r` of \(count) messages"), samples)
        bench.add(daemon)
    }

    /// Copies messages of the history into a session of their own.
    ///
    /// - Returns: how many it has.
    private static func fill(_ connection: any SQLConnection) throws -> Int {
        _ = try connection.writing { () throws(SQLError) in
            try copy("session", ["id": "'\(session)'", "parent_id": "NULL"], "ORDER BY id LIMIT 1", connection)
            let chosen = "(SELECT id FROM message WHERE session_id <> '\(session)' ORDER BY id LIMIT \(messages))"
            try copy(
                "message", ["id": "'msg_b' || substr(id, 5)", "session_id": "'\(session)'"], "WHERE id IN \(chosen)",
                connection)
            // Attachments would be measured again and again.
            try copy(
                "part",
                [
                    "id": "'prt_b' || substr(id, 5)", "message_id": "'msg_b' || substr(message_id, 5)",
                    "session_id": "'\(session)'",
                ], "WHERE length(data) < 100000 AND message_id IN \(chosen)", connection)
        }
        return Int(try connection.integer("SELECT count(*) FROM message WHERE session_id = \(session)") ?? 0)
    }

    /// Copies rows of a table, with other values in some columns.
    private static func copy(
        _ table: String, _ changed: [String: String], _ condition: String, _ connection: any SQLConnection
    ) throws(SQLError) {
        let query = SQLQuery(stringLiteral: "SELECT name FROM pragma_table_info('\(table)')")
        let columns = try connection.column(query).map { String(decoding: $0.bytes ?? [], as: UTF8.self) }
        let (names, values) = (columns.joined(separator: ", "), columns.map { changed[$0] ?? $0 })
        try connection.run(
            SQLQuery(
                stringLiteral:
                    "INSERT INTO \(table) (\(names)) SELECT \(values.joined(separator: ", ")) FROM \(table) \(condition)"
            ))
    }
}
