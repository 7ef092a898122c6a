import Foundation
import TestSupport

// Measures the built program (docs/performance.md). Everything that is compared runs in turn within one run, and medians
// are reported: machines are noisy, ratios less so.

func say(_ text: String, to file: FileHandle = .standardOutput) {
    file.write(Data((text + "\n").utf8))
}

let options: Options
let sections: [Section]
do {
    options = try Options(Array(CommandLine.arguments.dropFirst()))
    sections = try Section.chosen(options.only)
} catch {
    say(Options.usage, to: .standardError)
    exit(2)
}
if options.explains || options.lists {
    say(options.explains ? Options.usage : Section.list)
    exit(0)
}

/// In a function, so that mounts and directories are gone when it returns.
///
/// - Returns: the figures, and why they are not all, if so.
func run(_ options: Options, _ sections: [Section]) throws -> (report: Report, failure: (any Error)?) {
    let progress = Progress()
    defer { progress.end() }
    let interruption = Interruption([SIGINT, SIGTERM, SIGHUP])
    let bench = try Workbench(options, scratch: Scratch(), interruption: interruption, progress: progress)
    do {
        for section in sections { try section.measure(bench) }
    } catch {
        return (bench.report, error)
    }
    return (bench.report, nil)
}

do {
    let earlier = try options.compare.map { try Report(contentsOf: $0) }
    let (report, failure) = try run(options, sections)
    say(report.introduction + "\n")
    for table in report.tables { say(table.text) }
    if let earlier { say(report.comparison(with: earlier).text) }
    if let path = options.json { try report.write(to: path) }
    if let failure { throw failure }
} catch {
    say("opencodefs-bench: \(error)", to: .standardError)
    exit(1)
}
