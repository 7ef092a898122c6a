import DemoHistory
import TestSupport

/// A message, by what its file's path says.
struct MessageKey: Hashable, CustomStringConvertible {
    let session: String
    let id: String

    var description: String { "\(session)/\(id)" }
}

/// What one version of a message says. Every row of it tells the number, at its beginning and its end, and what is between
/// follows from it: a mixture of two versions, or a part of one, is like none.
struct Mark: Hashable, CustomStringConvertible {
    let number: Int

    var description: String { "version \(number)" }

    /// Characters in a text of it: most are short, some need several requests to write.
    private var length: Int {
        let mixed = (number &* 7919) % 1000
        return mixed < 700 ? 40 + mixed : mixed < 970 ? 1000 + mixed * 12 : 140_000 + mixed
    }

    /// As it stands inside of quotes.
    func text(_ part: Int) -> String {
        let filler = "of \(number).\(part) wörds\\n"
        let count = part == 0 ? length / filler.utf8.count + 1 : 3
        return "<\(number) " + String(repeating: filler, count: count) + "\(number)>"
    }
}

/// How a family stores a message, and what its file says: the harness's own words, so that it does not repeat a mistake of
/// the program's.
struct HistoryText {
    let family: TestFamily

    static let moment: Int64 = 1_794_996_930_000

    /// One text of a message's rows: a row's id and a column, and what stands there.
    struct Cell: Hashable {
        let row: String
        let column: String
        let text: String
    }

    /// The texts that the rows of a version hold.
    func cells(_ key: MessageKey, _ mark: Mark) -> Set<Cell> {
        switch family {
        case .go, .team:
            return [
                Cell(row: key.id, column: "model", text: "model-\(mark.number)"),
                Cell(
                    row: key.id, column: "parts", text: "[{\"type\":\"text\",\"data\":{\"text\":\"\(mark.text(0))\"}}]"),
            ]
        case .v2:
            return [
                Cell(
                    row: key.id, column: "data",
                    text: "{\"time\":{\"created\":\(Self.moment)},\"text\":\"\(mark.text(0))\"}")
            ]
        case .v1, .both:
            var cells: Set<Cell> = [Cell(row: key.id, column: "data", text: Self.info(mark))]
            for part in Self.parts(mark) {
                cells.insert(Cell(row: Self.partID(key, part), column: "data", text: Self.part(mark, part)))
            }
            return cells
        }
    }

    /// The file that a program saves.
    func file(_ key: MessageKey, _ mark: Mark) -> [UInt8] {
        switch family {
        case .go, .team:
            let text =
                "{\"id\":\"\(key.id)\",\"session_id\":\"\(key.session)\",\"role\":\"user\",\"parts\":"
                + "[{\"type\":\"text\",\"data\":{\"text\":\"\(mark.text(0))\"}}],\"model\":\"model-\(mark.number)\"}\n"
            return Array(text.utf8)
        case .v2:
            let text =
                "{\"id\":\"\(key.id)\",\"type\":\"user\",\"time\":{\"created\":\(Self.moment)},"
                + "\"text\":\"\(mark.text(0))\"}\n"
            return Array(text.utf8)
        case .v1, .both:
            let parts = Self.parts(mark).map { part in
                "{\"id\":\"\(Self.partID(key, part))\",\"sessionID\":\"\(key.session)\",\"messageID\":\"\(key.id)\","
                    + Self.part(mark, part).dropFirst()
            }
            let text =
                "{\"info\":{\"id\":\"\(key.id)\",\"sessionID\":\"\(key.session)\"," + Self.info(mark).dropFirst()
                + ",\n\"parts\":[\n" + parts.joined(separator: ",\n") + "\n]}\n"
            return Array(text.utf8)
        }
    }

    /// Whether a file that the mount shows says a version. The Go family's shows columns that follow from no text.
    func says(_ file: [UInt8], _ key: MessageKey, _ mark: Mark) -> Bool {
        guard family.isGo else { return file == self.file(key, mark) }
        let shown = String(decoding: file, as: UTF8.self)
        let start = "{\"id\":\"\(key.id)\",\"session_id\":\"\(key.session)\",\"role\":\"user\",\"parts\":"
        let rest = "[{\"type\":\"text\",\"data\":{\"text\":\"\(mark.text(0))\"}}],\"model\":\"model-\(mark.number)\","
        return shown.hasPrefix(start + rest) && shown.hasSuffix("}\n")
    }

    private static func info(_ mark: Mark) -> String {
        "{\"role\":\"user\",\"time\":{\"created\":\(moment)},\"agent\":\"agent-\(mark.number)\","
            + "\"model\":{\"providerID\":\"anthropic\",\"modelID\":\"model-\(mark.number)\"}}"
    }

    /// A version has one part, two or three: a save may add some and take some away.
    private static func parts(_ mark: Mark) -> Range<Int> {
        0..<(1 + mark.number % 3)
    }

    private static func part(_ mark: Mark, _ part: Int) -> String {
        "{\"type\":\"text\",\"text\":\"\(mark.text(part))\"}"
    }

    private static func partID(_ key: MessageKey, _ part: Int) -> String {
        "prt_\(key.id.dropFirst(4))p\(part)"
    }
}
