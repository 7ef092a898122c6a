import Foundation

/// A program that has ended: what it said and how it went.
package struct Run: Sendable {
    package let status: Int32
    package let output: [UInt8]
    package let errors: String

    package var text: String { String(decoding: output, as: UTF8.self) }
    package var lines: [String] { text.split(separator: "\n").map(String.init) }

    /// Runs a program found in PATH, or by its path, to its end.
    package static func program(
        _ name: String, _ arguments: [String] = [], in directory: String? = nil, environment: [String: String] = [:],
        input: String? = nil
    ) throws -> Run {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: name.contains("/") ? name : "/usr/bin/env")
        process.arguments = name.contains("/") ? arguments : [name] + arguments
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (output, errors, standardInput) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = standardInput
        // Read on a thread of its own: a program that fills one pipe while we wait for the other would hang.
        let collected = Collected()
        let reader = Thread { collected.finish(errors.fileHandleForReading.readDataToEndOfFile()) }
        try process.run()
        reader.start()
        if let input { try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
        try standardInput.fileHandleForWriting.close()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Run(status: process.terminationStatus, output: Array(bytes), errors: collected.wait())
    }

    /// Runs a line of shell.
    package static func shell(
        _ line: String, in directory: String? = nil, environment: [String: String] = [:]
    ) throws -> Run {
        try program("/bin/sh", ["-c", line], in: directory, environment: environment)
    }

    /// Runs opencodefs as it was built beside these tests.
    package static func opencodefs(
        _ arguments: [String], in directory: String? = nil, environment: [String: String] = [:]
    ) throws -> Run {
        try program(opencodefsPath, arguments, in: directory, environment: environment)
    }

    /// The built program.
    package static var opencodefsPath: String {
        let folder = Bundle.main.executableURL?.deletingLastPathComponent() ?? URL(fileURLWithPath: ".build/debug")
        return folder.appendingPathComponent("opencodefs").path
    }
}

private final class Collected: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    private var data = Data()

    func finish(_ data: Data) {
        self.data = data
        done.signal()
    }

    func wait() -> String {
        done.wait()
        return String(decoding: data, as: UTF8.self)
    }
}
