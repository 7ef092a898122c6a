import Foundation
import TestSupport

// The crash proof (docs/reliability.md). A program of its own: it must not share a process with what it kills.

/// Says something at once, also where nobody looks but a file.
func say(_ text: String?, to file: FileHandle = .standardError, end: String = "\n") {
    if let text { file.write(Data((text + end).utf8)) }
}

let options: Options
do { options = try Options(Array(CommandLine.arguments.dropFirst())) } catch {
    say(Options.usage, end: "")
    exit(2)
}
if let defect = options.defect { setenv("OPENCODEFS_DEFECT", defect, 1) }
say(options.isJSON ? nil : "seed \(options.seed)", to: .standardOutput)

/// Ctrl-C ends with the round, so that no mount stays behind.
let isOver = Interruption([SIGINT, SIGTERM, SIGHUP])
var reports: [Report] = []
let isTerminal = isatty(STDERR_FILENO) != 0
for disk in options.disks {
    for family in options.families where !isOver.hasCome {
        do {
            let trial = try Trial(family, disk, options)
            try trial.run { report in
                if isTerminal { say("\r\(report.line)\u{1b}[K", end: "") }
                return !isOver.hasCome
            }
            if isTerminal { say("\r\u{1b}[K", end: "") }
            reports.append(trial.report)
            say(options.isJSON ? nil : trial.report.line, to: .standardOutput)
        } catch {
            say("\(family.rawValue) \(disk.rawValue), seed \(options.seed): \(error)")
            exit(3)
        }
    }
}
if options.isJSON {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    say(String(decoding: try encoder.encode(reports), as: UTF8.self), to: .standardOutput)
}
let wasIdle = reports.contains { $0.interrupted == 0 && $0.rounds >= 10 }
if wasIdle { say("No death came in the middle of a change: nothing is proven.") }
if isOver.hasCome { exit(130) }
exit(reports.contains { !$0.faults.isEmpty } ? 1 : wasIdle ? 3 : 0)
