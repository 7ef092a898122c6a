internal import SessionModel
private import Synchronization
internal import Timing
internal import VFS

/// The last failures, one line of JSON each: what `.opencodefs/errors.jsonl` shows.
final class ErrorLog: Sendable {
    private struct Lines {
        var texts: [[UInt8]] = []
        var last = Timestamp.epoch
    }

    private let lines = Mutex(Lines())
    private let onError: @Sendable (String) -> Void

    static let capacity = 1000

    /// - Parameter onError: gets each line too; for a log outside the mount.
    init(onError: @escaping @Sendable (String) -> Void) {
        self.onError = onError
    }

    func record(_ failure: Failure, operation: StaticString, path: String, process: Int32) {
        let now = Timestamp.now
        var entry = JSONObject()
        entry.add("time", .string(now.rfc3339))
        entry.add("pid", .integer(Int(process)))
        entry.add("operation", .string("\(operation)"))
        entry.add("path", .string(path))
        entry.add("errno", .string(failure.errno.symbol))
        entry.add("reason", .string(failure.reason))
        entry.add("remedy", failure.remedy.isEmpty ? nil : .string(failure.remedy))
        let line = entry.line()
        lines.withLock { lines in
            lines.texts.append(line + [UInt8(ascii: "\n")])
            if lines.texts.count > Self.capacity { lines.texts.removeFirst(lines.texts.count - Self.capacity) }
            lines.last = now
        }
        onError(String(decoding: line, as: UTF8.self))
    }

    var contents: (bytes: [UInt8], last: Timestamp) {
        lines.withLock { (Array($0.texts.joined()), $0.last) }
    }
}
