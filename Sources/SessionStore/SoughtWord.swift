internal import SQL

/// Some bytes that a message's file must hold to be of interest, such that the rows tell of it (rule R1 says how a file is
/// made of them).
///
/// A file is a frame of JSON around stored texts, which stand in it as they are. A word has none of the characters that stand
/// between the pieces of a frame, or where a frame and a text meet; so wherever it occurs, it does so inside of one text, or
/// of one key or value of a frame.
package struct SoughtWord: Hashable, Sendable {
    /// Of UTF-8; in lower case where that does not matter.
    package let bytes: [UInt8]
    /// Whether letters of ASCII stand for both cases.
    package let isFolding: Bool

    /// What stands between pieces of a frame, in an escape, or in no file.
    private static let separators = Set("{}[],:\"\\".utf8)
    /// What every frame has; Go's are the names of columns beside.
    private static let frames = ["info", "id", "sessionID", "parts", "messageID", "type", "null"]

    /// - Returns: nil for what is in every file, or in numbers, which are not looked at.
    package init?(_ bytes: [UInt8], isFolding: Bool) {
        guard String(validating: bytes, as: UTF8.self) != nil,
            bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f && !Self.separators.contains($0) }),
            bytes.contains(where: { !Self.isInNumbers($0) }),
            !isFolding || bytes.allSatisfy({ $0 < 0x80 })
        else { return nil }
        self.bytes = isFolding ? bytes.map(Self.lowercased) : bytes
        self.isFolding = isFolding
        guard !Self.frames.contains(where: isIn) else { return nil }
    }

    /// Whether a byte may stand inside of a piece of a file that a word is looked for in.
    package static func mayHold(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7f && !separators.contains(byte)
    }

    /// Whether a name holds it.
    func isIn(_ name: String) -> Bool {
        let name = isFolding ? name.utf8.map(Self.lowercased) : Array(name.utf8)
        return name.indices.contains { name[$0...].starts(with: bytes) }
    }

    private static func isInNumbers(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

extension SQLQuery {
    /// Whether a row may put one of some words into a file: by its text, which is shown as it is, or by a column of the frame.
    static func mayHold(
        _ words: [SoughtWord], in table: SQLIdentifier, text: SQLIdentifier, frame: [SQLIdentifier]
    ) -> SQLQuery {
        var conditions: [SQLQuery] = []
        for isFolding in [false, true] {
            let bytes = words.filter { $0.isFolding == isFolding }.map(\.bytes)
            guard !bytes.isEmpty else { continue }
            // The text last: it is long.
            conditions += frame.map { "\(SQLFragment.mayShow($0, words: bytes, isFolding: isFolding))" }
            let isInText = SQLFragment.mayContain(
                table: table, column: text, words: bytes, isFolding: isFolding, limit: SnapshotLimits.searched)
            conditions.append("\(isInText)")
        }
        return "(\(.joined(conditions.isEmpty ? ["0 = 1"] : conditions, separator: " OR ")))"
    }
}
