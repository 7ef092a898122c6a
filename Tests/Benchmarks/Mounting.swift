import Foundation
import Glibc
import TestSupport

/// From the word `mount` to the first names, as a person at a terminal waits for them.
enum Mounting {
    static func measure(_ bench: Workbench) throws {
        var samples: [Bool: [Figure.Subject: Samples]] = [:]
        let states = PageCache.canBeDropped ? [true, false] : [false]
        let mountpoint = try bench.scratch.directory("mnt")
        let programs: [(Figure.Subject, [String])] = [
            (.bindfs, Workbench.passthrough + [bench.history.plain, mountpoint]),
            (.mount, [bench.options.program, "mount", "--database", bench.history.database, mountpoint]),
        ]
        for round in 1...bench.rounds {
            for isCold in states {
                try bench.begin("round \(round) of \(bench.rounds): mounting, \(isCold ? "cold" : "hot")")
                for (subject, words) in programs {
                    if isCold { try PageCache.drop() } else { try PageCache.fill(with: bench.history.database) }
                    defer { unmount(mountpoint) }
                    let duration =
                        try Pass([[words]]).run(in: bench.scratch.path, log: bench.scratch.file("server.log"))
                        + Pass("ls", mountpoint).run(in: "/")
                    samples[isCold, default: [:]][subject, default: Samples()].values.append(duration)
                }
            }
        }
        for isCold in states {
            bench.add(
                Figure.Key(section: "Mounting", operation: "mount to the first `ls`", state: isCold ? "cold" : "hot"),
                samples[isCold] ?? [:])
        }
    }

    /// Takes the mount away and waits for the end of the daemon, whose id nobody told.
    private static func unmount(_ mountpoint: String) {
        let command = geteuid() == 0 ? ["umount"] : ["fusermount3", "-u"]
        _ = try? Run.program(command[0], Array(command.dropFirst()) + [mountpoint])
        let end = ContinuousClock.now + .seconds(30)
        while isServed(mountpoint), .now < end { usleep(5000) }
    }

    private static func isServed(_ mountpoint: String) -> Bool {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.contains { name in
            guard Int(name) != nil, let words = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else {
                return false
            }
            return words.split(separator: 0).contains { $0.elementsEqual(mountpoint.utf8) }
        }
    }
}
