import Foundation
import TestSupport

/// Where a run was made: figures of two machines are compared by their ratios alone.
struct Machine: Codable {
    let processors: Int
    let memory: UInt64
    let kernel: String
    let system: String
    let sqlite: String
    let bindfs: String
    /// Of the directory in which the history lies.
    let disk: String
    /// Processes that wanted to run, over the minute before.
    let load: Double

    init(directory: String) {
        func line(_ words: String...) -> String {
            let run = try? Run.program(words[0], Array(words.dropFirst()))
            return run.flatMap { $0.status == 0 ? $0.lines.first : nil } ?? "none"
        }
        processors = ProcessInfo.processInfo.activeProcessorCount
        memory = ProcessInfo.processInfo.physicalMemory
        kernel = line("uname", "-r")
        let release = (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8)) ?? ""
        let name = release.split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }
        system = name.map { $0.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" } } ?? "unknown"
        sqlite = String(line("sqlite3", "--version").prefix { $0 != " " })
        bindfs = line("bindfs", "--version").replacingOccurrences(of: "bindfs ", with: "")
        disk = line("findmnt", "-n", "-o", "FSTYPE", "-T", directory)
        let average = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? ""
        load = Double(average.prefix { $0 != " " }) ?? 0
    }

    /// `2 cores, 24 GiB, kernel 6.18.5, …`
    var text: String {
        let gibibytes = Int((Double(memory) / Double(1 << 30)).rounded())
        return
            "\(processors) cores, \(gibibytes) GiB, kernel \(kernel), \(system), SQLite \(sqlite), bindfs \(bindfs), "
            + "\(disk), load \(load) at the start"
    }
}
