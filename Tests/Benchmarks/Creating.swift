import Foundation
import SQL

/// A new message by a new file, beside the same rows by SQLite and the same bytes in a plain file, each durably.
enum Creating {
    private static let moment: Int64 = 1_789_990_000_000
    private static let info =
        "\"role\":\"user\",\"time\":{\"created\":\(moment)},\"agent\":\"build\",\"model\":{\"providerID\":\"p\",\"modelID\":\"m\"}"
    private static let part = "\"type\":\"text\",\"text\":\"\(String(repeating: "A new message. ", count: 60))\""

    static func measure(_ bench: Workbench) throws {
        let database = try bench.copy()
        let connection = try bench.connect(to: database, synchronous: "FULL")
        let plain = try bench.scratch.directory("created")
        var samples: [Figure.Subject: Samples] = [:]
        try bench.mounted(database) { server in
            let files = bench.history.messages(of: "user")
            let count = min(bench.rounds * 40, files.count)
            for (number, file) in files.prefix(count).enumerated() {
                try bench.begin("new message \(number + 1) of \(count)")
                let folder = (file as NSString).deletingLastPathComponent
                let text = Data("{\"info\":{\(info)},\"parts\":[{\(part)}]}\n".utf8)
                let name = "msg_bench\(number)a.json"
                samples[.mount, default: Samples()].values.append(
                    try PlainFile.write(text, to: "\(server.mountpoint)/\(folder)/\(name)"))
                samples[.plain, default: Samples()].values.append(
                    try PlainFile.write(text, to: "\(plain)/\(name)", syncs: true))

                let query: SQLQuery = "SELECT session_id FROM message WHERE id = \(History.id(of: file))"
                guard let session = try connection.column(query).first else { throw BenchFailure("no \(file)") }
                let duration = try ContinuousClock().measure {
                    try insert("bench\(number)b", in: session, connection)
                }
                samples[.sqlite, default: Samples()].values.append(duration)
            }
        }
        bench.add(Figure.Key(section: "Creating", operation: "one message"), samples)
    }

    private static func insert(
        _ id: String, in session: SQLValue, _ connection: any SQLConnection
    ) throws(SQLError) {
        try connection.writing { () throws(SQLError) in
            try connection.run(
                """
                INSERT INTO message (id, session_id, time_created, time_updated, data)
                VALUES (\("msg_" + id), \(session), \(moment), \(moment), \("{\(info)}"))
                """)
            try connection.run(
                """
                INSERT INTO part (id, message_id, session_id, time_created, time_updated, data)
                VALUES (\("prt_" + id), \("msg_" + id), \(session), \(moment), \(moment), \("{\(part)}"))
                """)
        }
    }
}
