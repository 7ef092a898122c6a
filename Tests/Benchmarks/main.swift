import Foundation

// Measures the built program and prints the tables of docs/performance.md:
//
//     opencodefs-bench --program PATH [--messages N] [--rounds N] [--json]
//
// Everything that is compared runs in turn within one run, and medians are reported: machines are noisy, ratios less so.

let words = CommandLine.arguments
func value(_ name: String, _ otherwise: String) -> String {
    words.firstIndex(of: name).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil } ?? otherwise
}

let bench = try Bench(
    program: value("--program", ".build/release/opencodefs"), messages: Int(value("--messages", "20000")) ?? 20_000,
    rounds: Int(value("--rounds", "5")) ?? 5)
let tables = try [bench.writerLatency(), bench.visibility(), bench.walks(), bench.removals()]
if words.contains("--json") {
    let document = tables.map { ["title": $0.title, "columns": $0.columns, "rows": $0.rows] as [String: Any] }
    let data = try JSONSerialization.data(withJSONObject: document, options: [.prettyPrinted, .sortedKeys])
    print(String(decoding: data, as: UTF8.self))
} else {
    for table in tables { print(table.text) }
}
