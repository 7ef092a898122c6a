import Foundation

/// What a process has asked for and has in memory, as Linux counts it.
struct Footprint {
    private let process: pid_t

    init(_ process: pid_t) {
        self.process = process
    }

    /// Bytes that it has read by read(2) and its like, wherever they came from.
    var read: Int { number("rchar", in: "io") }

    /// Bytes that a disk had to deliver for it.
    var fetched: Int { number("read_bytes", in: "io") }

    /// Bytes in memory now.
    var resident: Int { number("VmRSS", in: "status") * 1024 }

    /// The most that was in memory since it started.
    var peak: Int { number("VmHWM", in: "status") * 1024 }

    /// 0 where it is gone.
    private func number(_ name: String, in file: String) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(process)/\(file)", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return Int(line?.filter(\.isNumber) ?? "") ?? 0
    }
}
