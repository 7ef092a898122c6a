import Foundation

/// A mount and the process that serves it, ours or another's, in the foreground so that its id is known.
final class Server {
    let mountpoint: String
    private let child: Child
    private var isOver = false

    /// Starts the program, and returns when its mount answers.
    /// - Parameter log: a file for what the program says.
    init(_ words: [String], at mountpoint: String, log: String) throws {
        self.mountpoint = mountpoint
        let outside = Self.device(mountpoint)
        child = try Child(words, log: log, alone: true)
        let end = ContinuousClock.now + .seconds(120)
        while true {
            if let inside = Self.device(mountpoint), inside != outside { return }
            guard kill(child.process, 0) == 0, !child.ends(within: .zero) else {
                isOver = true
                throw BenchFailure(
                    "\(words.joined(separator: " ")) ended: \((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")"
                )
            }
            guard .now < end else { throw BenchFailure("\(words.joined(separator: " ")) does not answer") }
            usleep(500)
        }
    }

    deinit {
        end()
    }

    var footprint: Footprint { Footprint(child.process) }

    /// Unmounts and waits for the program's end.
    func end() {
        guard !isOver else { return }
        isOver = true
        kill(child.process, SIGTERM)
        if child.ends(within: .seconds(60)) { return }
        kill(child.process, SIGKILL)
        _ = child.wait()
        _ = try? Child(["umount", "--lazy", mountpoint]).wait()
    }

    private static func device(_ path: String) -> UInt? {
        var status = stat()
        return stat(path, &status) == 0 ? UInt(status.st_dev) : nil
    }
}
