import Foundation
import Glibc
import TestSupport
import Testing

/// What a process has read, and the most memory it had.
struct Footprint {
    private let process: pid_t

    /// Begins to measure.
    init(_ process: pid_t) throws {
        self.process = process
        _ = try peak()
    }

    /// Bytes that it has read so far, by read(2) and its like.
    func read() throws -> Int {
        try number("rchar", in: "io")
    }

    /// The most memory that was resident since the last question, in kilobytes.
    func peak() throws -> Int {
        defer { try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/\(process)/clear_refs")) }
        return try number("VmHWM", in: "status")
    }

    private func number(_ line: String, in file: String) throws -> Int {
        let text = try File.text("/proc/\(process)/\(file)")
        let found = try #require(text.split(separator: "\n").first { $0.hasPrefix(line) })
        return try #require(Int(found.filter(\.isNumber)))
    }
}
