import Foundation
import Glibc
import SQL

/// From another process's commit to the moment when stat(2) of a file that was read before shows it.
enum Visibility {
    static func measure(_ bench: Workbench) throws {
        let database = try bench.copy()
        let connection = try bench.connect(to: database, synchronous: "NORMAL")
        var samples = Samples()
        try bench.mounted(database) { server in
            guard let file = bench.history.messages(of: "assistant").first else { throw BenchFailure("no messages") }
            let path = server.mountpoint + "/" + file
            let id = History.id(of: file)
            let parts = try connection.column("SELECT id FROM part WHERE message_id = \(id) ORDER BY id LIMIT 1")
            guard let part = parts.first else { throw BenchFailure("\(file) has no parts") }
            for number in 1...200 {
                try bench.begin("change \(number) of 200")
                let text = "{\"type\":\"text\",\"text\":\"\(String(repeating: "y", count: number * 7))\"}"
                _ = try Data(contentsOf: URL(fileURLWithPath: path))
                let before = try size(of: path)
                try connection.writing { () throws(SQLError) in
                    try connection.run(
                        "UPDATE part SET data = \(text), time_updated = \(Int64(number)) WHERE id = \(part)")
                }
                let start = ContinuousClock.now
                while try size(of: path) == before, ContinuousClock.now - start < .seconds(5) { usleep(500) }
                samples.values.append(.now - start)
            }
        }
        bench.add(Figure.Key(section: "Visibility", operation: "commit to stat"), [.mount: samples])
    }

    private static func size(of file: String) throws -> Int64 {
        var status = stat()
        guard stat(file, &status) == 0 else { throw BenchFailure(file) }
        return Int64(status.st_size)
    }
}
