import SessionModel
import TestSupport

@testable import SessionTree

/// A message and its texts, to be rendered, saved, and rendered again.
struct EditedMessage: Sendable {
    var message: Message
    var texts: [[UInt8]]

    static func parted(
        _ info: String, _ parts: [(id: String, text: String)]
    ) -> EditedMessage {
        make(.init("msg_1"), Array(info.utf8), parts.map { (.init($0.id), Array($0.text.utf8)) })
    }

    static func typed(_ type: String, _ data: String) -> EditedMessage {
        make(Array(type.utf8), Array(data.utf8))
    }

    static func row(_ columns: [(String, Record.Field?)], _ parts: String) -> EditedMessage {
        let columns =
            [("id", .text(Array("m".utf8))), ("session_id", .text(Array("s".utf8)))] + columns
            + [("updated_at", .integer(1_700_000_000))]
        return make(
            before: columns.prefix(3).map { Message.Column(name: $0.0, value: $0.1) }, Array(parts.utf8),
            after: columns.dropFirst(3).map { Message.Column(name: $0.0, value: $0.1) })
    }

    private static func make(
        _ id: Message.ID, _ info: [UInt8], _ parts: [(id: Message.Part.ID, data: [UInt8])]
    ) -> EditedMessage {
        let session = Session.ID("ses_1")
        return EditedMessage(
            message: Message(
                id: id, session: session,
                shape: .parted(
                    info: StoredText(of: info),
                    parts: parts.map { Message.Part(id: $0.id, session: session, data: StoredText(of: $0.data)) }),
                order: .rank), texts: [info] + parts.map(\.data))
    }

    private static func make(_ type: [UInt8], _ data: [UInt8]) -> EditedMessage {
        EditedMessage(
            message: Message(
                id: .init("msg_1"), session: .init("ses_1"), shape: .typed(type: type, data: StoredText(of: data)),
                order: .stored(1)), texts: [data])
    }

    private static func make(before: [Message.Column], _ parts: [UInt8], after: [Message.Column]) -> EditedMessage {
        EditedMessage(
            message: Message(
                id: .init("m"), session: .init("s"),
                shape: .row(before: before, parts: StoredText(of: parts), after: after), order: .rank), texts: [parts])
    }

    var file: [UInt8] { MessageFile.bytes(of: message, texts) }

    var text: String { String(decoding: file, as: UTF8.self) }

    func changes(savedAs text: String) throws(EditError) -> MessageUpdate? {
        try MessageEdit.changes(of: message, texts: texts, savedAs: Array(text.utf8))
    }

    func changes(savedAs bytes: [UInt8]) throws(EditError) -> MessageUpdate? {
        try MessageEdit.changes(of: message, texts: texts, savedAs: bytes)
    }

    /// The message as a store would leave it.
    func applying(_ update: MessageUpdate) -> EditedMessage {
        switch (update, message.shape) {
        case (.parted(let info, let updated, let inserted, let removed), .parted(_, let parts)):
            var rows = Dictionary(zip(parts.map(\.id), texts.dropFirst()), uniquingKeysWith: { $1 })
            for id in removed { rows[id] = nil }
            for (id, data) in updated + inserted { rows[id] = data }
            return Self.make(message.id, info ?? texts[0], rows.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        case (.typed(let newType, let data), .typed(let type, _)):
            return Self.make(newType ?? type, data ?? texts[0])
        case (.row(let assignments), .row(let before, _, let after)):
            var parts = texts[0]
            func column(_ column: Message.Column) -> Message.Column {
                let changed = assignments.first { $0.column == column.name }
                return changed.map { Message.Column(name: $0.column, value: $0.value) } ?? column
            }
            if case .text(let text)? = assignments.first(where: { $0.column == "parts" })?.value { parts = text }
            return Self.make(before: before.map(column), parts, after: after.map(column))
        default: return self
        }
    }

    /// A message as OpenCode could have written it, of each family in turn.
    static func random(_ number: Int, using random: inout SeededGenerator) -> EditedMessage {
        func extra() -> String {
            Bool.random(using: &random)
                ? "" : ",\"x\":" + String(decoding: random.json(depth: 3, respelled: true), as: UTF8.self)
        }
        func text() -> String { ["hi", #"\u00e9\n"#, "é😀", "", #"\/ \" "#].randomElement(using: &random) ?? "" }
        switch number % 3 {
        case 0:
            let parts = (0..<Int.random(in: 0...4, using: &random)).map { index in
                ("prt_\(index)a", #"{"type":"text" , "text":"\#(text())"\#(extra())}"#)
            }
            return parted(#"{"role":"user","time":{"created":1700000000000.0}\#(extra())}"#, parts)
        case 1: return typed("user", #"{"time":{"created":1700000000000},"text":"\#(text())"\#(extra())}"#)
        default:
            let columns: [(String, Record.Field?)] = [
                ("role", .text(Array("user".utf8))), ("model", Bool.random(using: &random) ? nil : .text([0x61])),
                ("created_at", .integer(1_700_000_000)), ("seq", .integer(3)), ("cost", .real(0.1)),
            ]
            return row(columns, #"[{"type":"text","data":{"text":"\#(text())"\#(extra())}}]"#)
        }
    }
}

/// What programs make of a JSON text that they do not mean to change.
enum Respelling {
    /// A text that says the same: indented, its members in another order, its strings and numbers spelled anew.
    static func of(_ bytes: [UInt8], shuffled: Bool, using random: inout SeededGenerator) throws -> [UInt8] {
        Array(spell(try JSON(parsing: bytes), 0, shuffled, &random).utf8) + [0x0a]
    }

    private static func spell(_ json: JSON, _ depth: Int, _ shuffled: Bool, _ random: inout SeededGenerator) -> String {
        let margin = "\n" + String(repeating: "  ", count: depth + 1)
        let end = "\n" + String(repeating: "  ", count: depth)
        switch json {
        case .null: return "null"
        case .boolean(let value): return "\(value)"
        case .number(let text): return Double(text).flatMap { Int64(exactly: $0) }.map { "\($0)" } ?? text
        case .string(let text): return quoted(text, &random)
        case .array(let elements):
            guard !elements.isEmpty else { return "[]" }
            return "[" + margin
                + elements.map { spell($0, depth + 1, shuffled, &random) }.joined(separator: "," + margin)
                + end + "]"
        case .object(let members):
            guard !members.isEmpty else { return "{ }" }
            let ordered = shuffled ? members.shuffled(using: &random) : members
            let texts = ordered.map { quoted($0.key, &random) + ": " + spell($0.value, depth + 1, shuffled, &random) }
            return "{" + margin + texts.joined(separator: "," + margin) + end + "}"
        }
    }

    private static func quoted(_ text: String, _ random: inout SeededGenerator) -> String {
        let units = text.utf16.map { unit -> String in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        if Int.random(in: 0..<3, using: &random) == 0 { return "\"" + units.joined() + "\"" }
        return String(decoding: JSONText.quoted(text), as: UTF8.self)
    }
}
