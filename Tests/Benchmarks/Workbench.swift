import Foundation
import SQL
import SQLiteDriver
import TestSupport
import Timing

/// What all measurements need: the history, places to mount it, and where figures go.
final class Workbench {
    let options: Options
    let history: History
    let progress: Progress
    let scratch: Scratch
    private let interruption: Interruption
    private(set) var report: Report

    init(_ options: Options, scratch: Scratch, interruption: Interruption, progress: Progress) throws {
        self.options = options
        self.scratch = scratch
        self.interruption = interruption
        self.progress = progress
        let directory = try options.use ?? options.keep ?? scratch.directory("history")
        if options.use == nil {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let attachments = options.attachments ?? min(36, options.messages / 1000)
            let mountpoint = try scratch.directory("mnt")
            history = try History(
                in: directory, facts: HistoryFacts(messages: options.messages, attachments: attachments),
                program: options.program, progress: progress
            ) { database, body in
                let server = try Server(
                    Self.words(options.program, database, mountpoint), at: mountpoint, log: scratch.file("server.log"))
                defer { server.end() }
                try body(mountpoint)
            }
        } else {
            history = try History(in: directory)
        }
        report = Report(machine: Machine(directory: directory), history: history.facts)
    }

    var rounds: Int { options.rounds }

    // MARK: Mounts

    /// Mounts a database, the history's own if no other is named, for as long as the closure lasts.
    func mounted<Result>(_ database: String? = nil, _ body: (Server) throws -> Result) throws -> Result {
        let mountpoint = try scratch.directory("mnt")
        return try serving(Self.words(options.program, database ?? history.database, mountpoint), mountpoint, body)
    }

    /// Mounts the plain files once more, by a program that passes everything through.
    func passedThrough<Result>(_ body: (Server) throws -> Result) throws -> Result {
        let mountpoint = try scratch.directory("bindfs")
        return try serving(Self.passthrough + ["-f", history.plain, mountpoint], mountpoint, body)
    }

    /// With as many threads as it likes, as ours has several.
    static let passthrough = ["bindfs", "--multithreaded", "--no-allow-other"]

    private func serving<Result>(
        _ words: [String], _ mountpoint: String, _ body: (Server) throws -> Result
    ) throws -> Result {
        try check()
        let server = try Server(words, at: mountpoint, log: scratch.file("server.log"))
        defer { server.end() }
        return try body(server)
    }

    private static func words(_ program: String, _ database: String, _ mountpoint: String) -> [String] {
        [program, "mount", "--foreground", "--database", database, mountpoint]
    }

    // MARK: The database

    /// A copy of the database for measurements that change it; the same each time until ``renewCopy()``.
    func copy() throws -> String {
        let path = scratch.file("copy.db")
        guard !FileManager.default.fileExists(atPath: path) else { return path }
        _ = try Pass("cp", history.database, path).run(in: scratch.path)
        return path
    }

    /// A connection such as OpenCode has: checkpoints every 1,000 pages.
    ///
    /// - Parameter synchronous: NORMAL as OpenCode has it, or FULL for what shall be as durable as with us.
    func connect(to database: String, synchronous: String) throws -> any SQLConnection {
        let connection = try SQLiteConnection(path: database, access: .readWrite)
        try connection.run(SQLQuery(stringLiteral: "PRAGMA synchronous=\(synchronous)"))
        try connection.run("PRAGMA wal_autocheckpoint=1000")
        connection.patience = .lasting(.seconds(7200))
        return connection
    }

    // MARK: Figures

    /// Says what begins, and ends the run when somebody asked for its end.
    func begin(_ text: String) throws {
        progress.say(text)
        try check()
    }

    private func check() throws {
        if interruption.hasCome { throw BenchFailure("interrupted") }
    }

    func add(_ key: Figure.Key, _ samples: [Figure.Subject: Samples]) {
        report.add(key, samples)
    }

    func add(_ daemon: DaemonFigure) {
        report.add(daemon)
    }
}
