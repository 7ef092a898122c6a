private import Glibc
private import Synchronization

/// The process a thread belongs to.
enum ThreadGroup {
    /// What was found out lately, by thread. A program asks for file after file, and /proc takes longer to answer than most
    /// of them; no number of a thread is used again within this time.
    private static let known = Mutex<[Int32: (process: Int32, until: ContinuousClock.Instant)]>([:])
    private static let validity = Duration.milliseconds(20)
    /// Threads that ask at the same time; more are asked about anew.
    private static let capacity = 64

    /// The kernel names the thread that made a request; a program may open a file in one and close it in another.
    ///
    /// - Returns: the number of the process (proc(5): Tgid); 0 where it cannot be told.
    static func identifier(ofThread thread: Int32) -> Int32 {
        guard thread > 0 else { return 0 }
        let now = ContinuousClock.now
        if let known = known.withLock({ $0[thread] }), known.until > now { return known.process }
        let process = ask(thread)
        known.withLock { known in
            if known.count >= capacity { known = known.filter { $0.value.until > now } }
            if known.count < capacity { known[thread] = (process, now + validity) }
        }
        return process
    }

    private static func ask(_ thread: Int32) -> Int32 {
        let descriptor = unsafe open("/proc/\(thread)/status", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = unsafe read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return 0 }
        for line in buffer[..<count].split(separator: UInt8(ascii: "\n")) where line.starts(with: "Tgid:".utf8) {
            let digits = line.drop { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            return Int32(String(decoding: digits, as: UTF8.self)) ?? 0
        }
        return 0
    }
}
