import Foundation
import TestSupport

/// How large a history is.
struct HistoryFacts: Codable {
    let messages: Int
    let attachments: Int
    var files = 0
    var fileBytes = 0
    var databaseBytes = 0
}

/// A database, and the same bytes as plain files beside it.
struct History {
    let database: String
    let plain: String
    /// All files, by their paths below the root, in the order in which `find` meets the directories.
    let files: [String]
    let facts: HistoryFacts

    /// Sessions end there. A history that ends now would have messages that are still being written (W3).
    private static let newest = 1_790_000_000

    /// Opens what was kept in a directory.
    init(in directory: String) throws {
        database = directory + "/opencode.db"
        plain = directory + "/plain"
        guard let data = FileManager.default.contents(atPath: directory + "/history.json") else {
            throw BenchFailure("\(directory) holds no history that --keep made")
        }
        facts = try JSONDecoder().decode(HistoryFacts.self, from: data)
        files = try Self.files(below: plain)
        guard files.count == facts.files else { throw BenchFailure("\(plain) is not as it was made") }
    }

    /// Makes one in an empty directory.
    ///
    /// - Parameter mounting: mounts a database, hands the mountpoint out, and unmounts.
    init(
        in directory: String, facts: HistoryFacts, program: String, progress: Progress,
        mounting: (_ database: String, _ body: (String) throws -> Void) throws -> Void
    ) throws {
        let (database, plain) = (directory + "/opencode.db", directory + "/plain")
        guard try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty else {
            throw BenchFailure("\(directory) is not empty; --use takes what is there")
        }
        progress.say("inventing \(facts.messages) messages")
        _ = try Pass(
            program, "demo", "--messages", "\(facts.messages)", "--sessions", "\(max(1, facts.messages / 100))",
            "--projects", "10", "--attachments", "\(facts.attachments)", "--attachment-size", "5000000",
            "--newest", "\(Self.newest)", database
        ).run(in: directory)
        progress.say("writing them as plain files")
        try mounting(database) { mountpoint in
            // Not -a: nobody has the attributes of R7 on plain files.
            _ = try Pass("cp", "-r", "--preserve=mode,timestamps", ".", plain).run(in: mountpoint)
        }
        var facts = facts
        facts.files = try Self.files(below: plain).count
        facts.fileBytes = try Self.files(below: plain).reduce(0) { $0 + Self.size(plain + "/" + $1) }
        facts.databaseBytes = Self.size(database) + Self.size(database + "-wal")
        try JSONEncoder().encode(facts).write(to: URL(fileURLWithPath: directory + "/history.json"))
        try self.init(in: directory)
    }

    /// Messages of the assistant, or of whomever else, by their paths.
    func messages(of role: String) -> [String] {
        files.filter { $0.contains(".\(role)~msg_") }
    }

    /// The id of the message whose file that is.
    static func id(of file: String) -> String {
        String(file.split(separator: "~").last?.dropLast(".json".count) ?? "")
    }

    private static func files(below folder: String) throws -> [String] {
        let list = try Run.program("find", [".", "-type", "f"], in: folder)
        guard list.status == 0 else { throw BenchFailure(list.errors) }
        return list.lines
    }

    private static func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}
