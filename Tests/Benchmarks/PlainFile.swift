import Foundation
import Glibc

/// A file as a program without any library writes it.
enum PlainFile {
    /// Writes all of a file, from open to close. On a mount the close is what makes it durable (W1).
    ///
    /// - Parameter syncs: also calls fsync, so that it is durable elsewhere.
    static func write(_ data: Data, to path: String, syncs: Bool = false) throws -> Duration {
        let bytes = Array(data)
        var isWritten = false
        let duration = ContinuousClock().measure {
            let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard file >= 0 else { return }
            var count = 0
            while count < bytes.count {
                let written = bytes.withUnsafeBytes {
                    Glibc.write(file, $0.baseAddress.map { $0 + count }, bytes.count - count)
                }
                guard written > 0 else { break }
                count += written
            }
            if syncs { fsync(file) }
            isWritten = close(file) == 0 && count == bytes.count
        }
        guard isWritten else { throw BenchFailure("\(path): \(String(cString: strerror(errno)))") }
        return duration
    }
}
