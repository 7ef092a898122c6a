private import Glibc
private import Synchronization

/// What a command says: results on standard output, everything else on standard error.
enum Console {
    /// This program, as it was called: what a person may type again.
    static var program: String { CommandLine.arguments.first ?? "opencodefs" }

    private static let lost = Mutex<ErrorNumber?>(nil)

    /// Why some of the results could not be written, though somebody may want them: a full disk.
    static var lostOutput: ErrorNumber? { lost.withLock { $0 } }

    static func print(_ text: String) {
        write(Array((text + "\n").utf8), to: STDOUT_FILENO)
    }

    /// - Returns: false when nobody reads any more: there is no point in going on.
    @discardableResult
    static func print(bytes: [UInt8]) -> Bool {
        write(bytes, to: STDOUT_FILENO)
    }

    /// Whether what is printed comes to a terminal.
    static var isWatched: Bool { isatty(STDOUT_FILENO) != 0 }

    static func note(_ text: String) {
        write(Array((text + "\n").utf8), to: STDERR_FILENO)
    }

    static func note(bytes: [UInt8]) {
        write(bytes, to: STDERR_FILENO)
    }

    /// `opencodefs: …` on standard error.
    static func complain(_ text: String) {
        note("opencodefs: " + text)
    }

    /// A line that replaces itself, for what takes longer than a second; only where somebody watches.
    static func progress(_ text: String) {
        guard isatty(STDERR_FILENO) != 0 else { return }
        write(Array("\r\u{1b}[K\(text)".utf8), to: STDERR_FILENO)
    }

    @discardableResult
    private static func write(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = ErrorNumber()
                // Whoever read us has gone: there is nobody left to tell.
                if descriptor == STDOUT_FILENO, !error.isBrokenPipe { lost.withLock { $0 = error } }
                return false
            }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

/// Numbers as people read them.
enum Human {
    /// `3.4 MiB`
    static func size(_ bytes: Int64) -> String {
        var value = Double(bytes)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if value < 1024 || unit == "GiB" {
                return unit == "B" ? "\(bytes) B" : "\((value * 10).rounded() / 10) \(unit)"
            }
            value /= 1024
        }
        return "\(bytes) B"
    }

    /// `1 session`, `3 sessions`
    static func count(_ number: Int, _ noun: String) -> String {
        number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
    }
}
