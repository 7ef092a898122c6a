import DemoHistory
import Foundation
import Glibc
import TestSupport
import Testing

/// A mounted session in which every message says `the quick brown fox`, for programs to change that: one message for
/// each.
struct FoxHistory: ~Copyable {
    let mounted: MountedHistory
    /// The directory of the messages.
    let folder: String
    /// A directory outside of the mount.
    let outside: String

    static let session = "ses_den"

    /// - Parameter more: what else is to be in the database.
    init(
        _ family: TestFamily, messages: Int, _ arguments: [String] = [], more: (Rows) throws -> Void = { _ in }
    ) throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(family, at: sandbox.path + "/opencode.db")
        let rows = try Rows(database)
        try rows.project("shop")
        try rows.session("ses_den")
        try rows.belongings(of: "ses_den", database)
        try rows.session("ses_other")
        try rows.message("msg_other", in: "ses_other")
        for number in 0..<messages { try Self.insert(number, into: rows) }
        if rows.generation == .v2 { try rows.connection.run("UPDATE event_sequence SET seq = \(Int64(messages))") }
        try more(rows)
        let outside = try sandbox.directory.directory("outside")
        let mounted = try MountedHistory(sandbox, database, arguments)
        let folder = try mounted.session(Self.session) + "/messages"
        self.init(mounted, folder, outside)
    }

    private init(_ mounted: consuming MountedHistory, _ folder: String, _ outside: String) {
        self.mounted = mounted
        self.folder = folder
        self.outside = outside
    }

    static func id(_ number: Int) -> String { "msg_\(100 + number)" }

    /// With what a program must not spoil: unknown members, numbers of unusual spelling, escapes, spaces.
    private static func insert(_ number: Int, into rows: Rows) throws {
        let id = id(number)
        let unknown = #""unknown":[1.50,12345678901234567890,"\u00e9 é",{"b":1,"a":null}]"#
        let time = #""time":{"created":1794996930000}"#
        switch rows.generation {
        case .v1:
            try rows.message(
                "\(id)", in: "ses_den",
                """
                {"role":"user",\(time),"agent":"build","model":{"providerID":"p","modelID":"m"},\(unknown)}
                """,
                parts: [
                    ("prt_\(number)_a", #"{"type":"text","text":"the quick brown fox"}"#),
                    ("prt_\(number)_b", "{ \"type\": \"text\", \"text\" : \"jumps\", \(unknown)}"),
                ])
        case .v2:
            try rows.message(
                "\(id)", in: "ses_den", #"{"text":"the quick brown fox",\#(time),\#(unknown)}"#)
        case .go:
            try rows.message(
                "\(id)", in: "ses_den",
                """
                [{"type":"text","data":{"text":"the quick brown fox"}},{"type":"text","data":{"text":"jumps",\(unknown)}},\
                {"type":"finish","data":{"reason":"stop","time":1794996930}}]
                """, sequence: Int64(number + 1))
        }
    }

    /// The name of a message's file.
    func file(_ number: Int) throws -> String {
        let id = Self.id(number)
        let name = try File.names(in: folder).first { $0.hasSuffix("~\(id).json") }
        return try #require(name, "no \(id) in \(folder)")
    }

    /// Runs a line of shell among the messages, and kills what hangs. In it, `$F` is a file, `$T` an empty directory
    /// outside of the mount, `$E` what sed(1) is to do, and `$RUN` runs a statement as another program would.
    func run(_ line: String, on file: String, _ environment: [String: String] = [:]) throws -> Run {
        try FileManager.default.removeItem(atPath: outside)
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
        let variables = [
            "F": file, "T": outside, "E": "s/brown/red/", "RUN": mounted.database.client, "TERM": "xterm",
            "TMPDIR": outside, "MYSQL_PWD": mounted.database.server?.password ?? "",
        ].merging(environment) { $1 }
        return try Run.program(
            "timeout", ["-k", "1", "30", "/bin/bash", "-o", "pipefail", "-c", line], in: folder,
            environment: mounted.sandbox.environment.merging(variables) { $1 })
    }

    /// Texts that were kept since they could not be saved, each with its reason, and how often that is in the log.
    func kept(_ kind: String) throws -> [(text: String, reason: String, lines: Int)] {
        let folder = mounted.path(".opencodefs/\(kind)/")
        let log = try File.text(mounted.path(".opencodefs/errors.jsonl")).split(separator: "\n")
        return try File.names(in: folder).filter { !$0.hasSuffix(".reason") }.map { name in
            (
                try File.text(folder + name), try File.text(folder + name + ".reason"),
                log.filter { $0.contains("\(kind)/\(name)") }.count
            )
        }
    }

    /// Removes what was kept.
    func forget(_ kind: String) throws {
        for name in try File.names(in: mounted.path(".opencodefs/\(kind)")) {
            unlink(mounted.path(".opencodefs/\(kind)/\(name)"))
        }
    }

    /// What refused and conflicting saves have left: names of kept bytes, and lines of the log.
    func complaints() throws -> [String] {
        let control = mounted.path(".opencodefs/")
        let kept = try ["rejected", "conflicts"].flatMap { kind in
            try File.names(in: control + kind).map { "\(kind)/\($0)" }
        }
        return kept + (try File.text(control + "errors.jsonl")).split(separator: "\n").map(String.init)
    }

    /// Every row, without the times of change of one message's rows.
    func rows(butTimesOf id: String) throws -> [String: [String]] {
        // Triggers count messages: to take one away and put it back changes its session.
        let owners = mounted.database.family.isGo ? ["'\(id)'", "id='\(Self.session)'"] : ["'\(id)'"]
        return try mounted.database.dump().mapValues { rows in
            rows.map { row in
                guard owners.contains(where: row.contains) else { return row }
                return row.split(separator: "|", omittingEmptySubsequences: false)
                    .filter { !$0.hasPrefix("time_updated=") && !$0.hasPrefix("updated_at=") }
                    .joined(separator: "|")
            }.sorted()
        }
    }

    /// What a file shows, without the time that a trigger of the Go family sets.
    func text(of file: String) throws -> String {
        try File.text(folder + "/" + file).replacing(#/"updated_at":[0-9]+/#, with: "")
    }

    /// The names in the session and around it.
    func listing() throws -> [String] {
        let session = folder.dropLast("/messages".count)
        return try [String(session), folder, mounted.path(mounted.database.family.shop)].flatMap {
            try File.names(in: $0)
        }
    }
}

extension [String: [String]] {
    /// The same rows after one text was replaced in those that name a message.
    func replacing(_ text: String, with other: String, in id: String) -> Self {
        mapValues { rows in
            rows.map { $0.contains("'\(id)'") ? $0.replacingOccurrences(of: text, with: other) : $0 }.sorted()
        }
    }

    /// The same rows without some columns.
    func without(_ columns: String...) -> Self {
        mapValues { rows in
            rows.map { row in
                row.split(separator: "|", omittingEmptySubsequences: false)
                    .filter { field in !columns.contains { field.hasPrefix($0 + "=") } }
                    .joined(separator: "|")
            }.sorted()
        }
    }

    /// Rows that are not in both, for people to read.
    func difference(to other: Self) -> [String] {
        keys.sorted().flatMap { table in
            let (mine, theirs) = (Set(self[table] ?? []), Set(other[table] ?? []))
            return mine.subtracting(theirs).sorted().map { "- \(table): \($0)" }
                + theirs.subtracting(mine).sorted().map { "+ \(table): \($0)" }
        }
    }
}
