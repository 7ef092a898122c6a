import Foundation
import Glibc

/// One way to read a history to its end.
struct Operation {
    enum Work {
        case pass(Pass)
        /// lstat(2) of each file by this process: a storm, without a program that reads directories between.
        case storm([String])
    }

    let name: String
    let title: String
    let work: Work
    /// The same of the database, by sqlite3, where there is such a thing.
    let inDatabase: Pass?

    /// Whether it is one of those that are always measured cold. The others read what one of these reads, in another way.
    var isColdToo: Bool { ["find", "ls", "grep", "rg", "cat"].contains(name) }

    /// Reads everything below a folder.
    func run(in folder: String) throws -> Duration {
        switch work {
        case .pass(let pass): return try pass.run(in: folder)
        case .storm(let files):
            return try ContinuousClock().measure {
                let root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                defer { close(root) }
                var status = stat()
                for file in files where fstatat(root, file, &status, AT_SYMLINK_NOFOLLOW) != 0 {
                    throw BenchFailure("\(file) in \(folder): \(String(cString: strerror(errno)))")
                }
            }
        }
    }

    static let names = ["find", "ls", "du", "rsync", "stat", "grep", "rg", "cat", "tar", "readers"]

    static let summaries = [
        "find -type f", "ls -lR", "du -s", "rsync -an to an empty directory", "stat of every file", "grep -r",
        "rg", "cat of every file", "tar c", "8 greps at once, each of an eighth",
    ]

    /// - Parameter empty: a directory with nothing in it.
    static func all(of history: History, empty: String) -> [Operation] {
        let bodies = ["sqlite3", "-readonly", history.database, "SELECT data FROM message; SELECT data FROM part"]
        let list = ["find", ".", "-type", "f", "-print0"]
        func pass(_ name: String, _ words: String..., highestStatus: CInt = 0, inDatabase: Pass? = nil) -> Operation {
            let pass = Pass([[words]], highestStatus: highestStatus)
            return Operation(name: name, title: "`\(pass.title)`", work: .pass(pass), inDatabase: inDatabase)
        }
        return [
            pass("find", "find", ".", "-type", "f"),
            pass("ls", "ls", "-lR", "."),
            pass("du", "du", "-s", "."),
            Operation(
                name: "rsync", title: "`rsync -an . EMPTY`",
                work: .pass(Pass("rsync", "-an", "./", empty + "/")), inDatabase: nil),
            Operation(name: "stat", title: "stat of every file", work: .storm(history.files), inDatabase: nil),
            pass(
                "grep", "grep", "-rc", absent, ".", highestStatus: 1,
                inDatabase: Pass([[bodies, ["grep", "-c", absent]]], highestStatus: 1)),
            pass(
                "rg", "rg", "-c", absent, ".", highestStatus: 1,
                inDatabase: Pass([[bodies, ["rg", "-c", absent]]], highestStatus: 1)),
            Operation(
                name: "cat", title: "`cat` of every file",
                work: .pass(Pass([[list, ["xargs", "-0", "cat"]]])), inDatabase: Pass([[bodies]])),
            pass("tar", "tar", "cf", "-", "."),
            readers(8, of: history),
        ]
    }

    /// As many greps at once; each has its share of the sessions.
    private static func readers(_ count: Int, of history: History) -> Operation {
        let folders = Set(history.files.map { ($0 as NSString).deletingLastPathComponent })
            .filter { $0.hasSuffix("/messages") }.sorted()
        var shares = [[String]](repeating: [], count: min(count, max(1, folders.count)))
        for (index, folder) in folders.enumerated() { shares[index % shares.count].append(folder) }
        let pass = Pass(shares.map { [["grep", "-rc", absent] + $0] }, highestStatus: 1)
        return Operation(
            name: "readers", title: "\(shares.count) × `grep -rc` at once", work: .pass(pass), inDatabase: nil)
    }

    /// Never found: what is searched to the end is the same everywhere.
    private static let absent = "nowhere-to-be-found"
}
