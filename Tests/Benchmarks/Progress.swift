import Foundation

/// What is going on, for whoever waits at a terminal. A pipe or a file gets nothing.
struct Progress: Sendable {
    private let isShown = isatty(STDERR_FILENO) != 0

    func say(_ text: String) {
        guard isShown else { return }
        FileHandle.standardError.write(Data("\r\(text.prefix(100))\u{1b}[K".utf8))
    }

    /// Leaves an empty line.
    func end() {
        say("")
    }
}
