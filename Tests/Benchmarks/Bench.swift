import DemoHistory
import Foundation
import SQL
import SQLiteDriver
import TestSupport
import Timing

/// A history, its mount, and the same bytes as plain files.
final class Bench {
    let rounds: Int
    private let directory: TemporaryDirectory
    private let program: String
    private let database: String
    private let mountpoint: String
    private let plain: String

    init(program: String, messages: Int, rounds: Int) throws {
        self.rounds = rounds
        self.program = program
        directory = try TemporaryDirectory()
        database = directory.file("opencode.db")
        mountpoint = try directory.directory("mnt")
        plain = directory.file("plain")
        let made = try Run.program(
            program,
            [
                "demo", "--messages", "\(messages)", "--sessions", "\(max(1, messages / 100))", "--projects", "10",
                "--attachments", "\(messages / 500)", "--attachment-size", "1000000", database,
            ])
        guard made.status == 0 else { throw CocoaError(.featureUnsupported) }
    }

    deinit {
        _ = try? opencodefs("umount", "--lazy", mountpoint)
    }

    @discardableResult
    private func opencodefs(_ arguments: String...) throws -> Run {
        let run = try Run.program(program, arguments, environment: ["XDG_STATE_HOME": directory.file("state")])
        guard run.status == 0 else { throw BenchFailure(run.errors) }
        return run
    }

    private func mounted<Result>(_ body: () throws -> Result) throws -> Result {
        try opencodefs("mount", "--database", database, mountpoint)
        defer { _ = try? opencodefs("umount", mountpoint) }
        return try body()
    }

    /// A connection such as OpenCode has (synchronous=NORMAL, checkpoints every 1,000 pages).
    private func connect() throws -> any SQLConnection {
        let connection = try SQLiteConnection(path: database, access: .readWrite)
        try connection.run("PRAGMA synchronous=NORMAL")
        try connection.run("PRAGMA wal_autocheckpoint=1000")
        connection.patience = .lasting(.seconds(600))
        return connection
    }

    /// What OpenCode does while an answer streams in: the part is written again with each piece.
    private func write(for duration: Duration) throws -> Samples {
        let connection = try connect()
        let part = try connection.column("SELECT id FROM part ORDER BY rowid DESC LIMIT 1")[0]
        var samples = Samples()
        let end = ContinuousClock.now + duration
        var number: Int64 = 0
        while .now < end {
            number += 1
            let text = "{\"type\":\"text\",\"text\":\"\(String(repeating: "x", count: Int(number % 4000)))\"}"
            let start = ContinuousClock.now
            try connection.writing { () throws(SQLError) in
                try connection.run("UPDATE part SET data = \(text), time_updated = \(number) WHERE id = \(part)")
            }
            samples.values.append(.now - start)
            usleep(2000)
        }
        return samples
    }

    /// OpenCode's own latency, with a reader on the mount and without any mount.
    func writerLatency() throws -> Table {
        var quiet = (p50: Samples(), p99: Samples())
        var (alone, beside) = ((p50: Samples(), p99: Samples()), (p50: Samples(), p99: Samples()))
        for _ in 0..<rounds {
            let nothing = try write(for: .seconds(3))
            quiet.p50.values.append(nothing.median)
            quiet.p99.values.append(nothing.percentile(0.99))
            // The same load on the processors, without us: a grep over plain files of the same size.
            try copyToPlainFiles()
            let without = try whileReading(plain) { try write(for: .seconds(3)) }
            alone.p50.values.append(without.median)
            alone.p99.values.append(without.percentile(0.99))
            let with = try mounted { try whileReading(mountpoint) { try write(for: .seconds(3)) } }
            beside.p50.values.append(with.median)
            beside.p99.values.append(with.percentile(0.99))
        }
        var table = Table(title: "A writer like OpenCode", columns: ["", "p50", "p99"])
        table.rows.append(["nothing beside it", quiet.p50.median.milliseconds, quiet.p99.median.milliseconds])
        table.rows.append([
            "grep -r over plain files beside it", alone.p50.median.milliseconds, alone.p99.median.milliseconds,
        ])
        table.rows.append([
            "grep -r over the mount beside it", beside.p50.median.milliseconds, beside.p99.median.milliseconds,
        ])
        table.rows.append([
            "the last two, ratio", beside.p50.median.ratio(to: alone.p50.median),
            beside.p99.median.ratio(to: alone.p99.median),
        ])
        return table
    }

    private func whileReading<Result>(_ folder: String, _ body: () throws -> Result) throws -> Result {
        let reader = Process()
        reader.executableURL = URL(fileURLWithPath: "/bin/sh")
        reader.arguments = ["-c", "while :; do grep -rc nowhere-to-be-found . >/dev/null 2>&1; done"]
        reader.currentDirectoryURL = URL(fileURLWithPath: folder)
        try reader.run()
        defer {
            // A child inherits our blocked signals; nothing less would reach it.
            _ = try? Run.program("pkill", ["-KILL", "-P", "\(reader.processIdentifier)"])
            kill(reader.processIdentifier, SIGKILL)
            reader.waitUntilExit()
        }
        return try body()
    }

    private func copyToPlainFiles() throws {
        guard !FileManager.default.fileExists(atPath: plain) else { return }
        try mounted {
            let copied = try Run.program("cp", ["-r", mountpoint, plain])
            guard copied.status == 0 else { throw BenchFailure(copied.errors) }
        }
    }

    /// From a commit to the moment when stat(2) of a file that was read before shows it.
    func visibility() throws -> Table {
        let connection = try connect()
        var samples = Samples()
        try mounted {
            let find = try Run.shell("ls -d \(mountpoint)/*/*/messages/* | tail -1")
            let file = find.lines[0]
            let id = file.split(separator: "~").last.map { String($0.dropLast(5)) } ?? ""
            let part = try connection.column("SELECT id FROM part WHERE message_id = \(id) ORDER BY id LIMIT 1")[0]
            for number in 1...200 {
                let text = "{\"type\":\"text\",\"text\":\"\(String(repeating: "y", count: number * 7))\"}"
                _ = try Data(contentsOf: URL(fileURLWithPath: file))
                let before = try size(of: file)
                try connection.writing { () throws(SQLError) in
                    try connection.run(
                        "UPDATE part SET data = \(text), time_updated = \(Int64(number)) WHERE id = \(part)")
                }
                let start = ContinuousClock.now
                while try size(of: file) == before, ContinuousClock.now - start < .seconds(5) { usleep(500) }
                samples.values.append(.now - start)
            }
        }
        var table = Table(title: "From a commit to stat", columns: ["median", "p99", "longest of 200"])
        table.rows.append([
            samples.median.milliseconds, samples.percentile(0.99).milliseconds, samples.percentile(1).milliseconds,
        ])
        return table
    }

    private func size(of file: String) throws -> Int64 {
        var status = stat()
        guard stat(file, &status) == 0 else { throw BenchFailure(file) }
        return Int64(status.st_size)
    }

    /// Walks of a fresh mount whose database is in the page cache, and again; beside plain files in the page cache.
    func walks() throws -> Table {
        try copyToPlainFiles()
        let commands = ["find . -type f", "ls -lR .", "grep -rc nowhere-to-be-found ."]
        var table = Table(
            title: "Walks", columns: ["", "plain files", "mount, first", "ratio", "mount, again", "ratio"])
        for command in commands {
            var (first, again, files) = (Samples(), Samples(), Samples())
            for _ in 0..<rounds {
                files.values.append(try time(command, in: plain))
                try mounted {
                    first.values.append(try time(command, in: mountpoint))
                    again.values.append(try time(command, in: mountpoint))
                }
            }
            table.rows.append([
                "`\(command)`", files.median.milliseconds, first.median.milliseconds,
                first.median.ratio(to: files.median), again.median.milliseconds, again.median.ratio(to: files.median),
            ])
        }
        return table
    }

    private func time(_ command: String, in folder: String) throws -> Duration {
        try ContinuousClock().measure { _ = try Run.shell("\(command) | cat >/dev/null", in: folder) }
    }

    /// `rm` of one message, with its trash, beside the bare DELETE.
    func removals() throws -> Table {
        let connection = try connect()
        try connection.run("PRAGMA synchronous=FULL")
        var (removed, deleted) = (Samples(), Samples())
        try mounted {
            let files = try Run.shell("ls -d \(mountpoint)/*/*/messages/* | head -400").lines
            for (index, file) in files.enumerated() {
                if index.isMultiple(of: 2) {
                    let start = ContinuousClock.now
                    guard unlink(file) == 0 else { throw BenchFailure(file) }
                    removed.values.append(.now - start)
                } else {
                    let id = file.split(separator: "~").last.map { String($0.dropLast(5)) } ?? ""
                    let start = ContinuousClock.now
                    try connection.writing { () throws(SQLError) in
                        try connection.run("DELETE FROM message WHERE id = \(id)")
                    }
                    deleted.values.append(.now - start)
                }
            }
        }
        var table = Table(title: "Removing one message", columns: ["", "median", "p99"])
        table.rows.append(["DELETE by SQLite", deleted.median.milliseconds, deleted.percentile(0.99).milliseconds])
        table.rows.append([
            "rm on the mount, with the trash", removed.median.milliseconds, removed.percentile(0.99).milliseconds,
        ])
        return table
    }
}

/// Why a measurement could not be made.
struct BenchFailure: Error {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}
