internal import CSQLite
private import Glibc

/// Runs of bytes that texts are searched for; kept with the statement that was given them, from row to row.
@safe
final class SQLiteWords {
    private let words: [SQLiteWord]
    /// Bytes of the longest.
    let longest: Int

    /// - Parameter text: the words, each on a line of its own.
    init(_ text: [UInt8], isFolding: Bool) {
        words = text.split(separator: UInt8(ascii: "\n")).map { SQLiteWord(Array($0), isFolding: isFolding) }
        longest = words.map(\.count).max() ?? 0
    }

    /// Whether some bytes hold one of them.
    func areIn(_ text: UnsafeRawBufferPointer) -> Bool {
        words.contains { unsafe $0.isIn(text) }
    }

    /// The words that two arguments of a function say: text and whether letters of ASCII stand for both cases.
    static func of(
        _ context: OpaquePointer?, _ arguments: UnsafeMutablePointer<OpaquePointer?>, at index: Int
    ) -> SQLiteWords {
        if let kept = unsafe sqlite3_get_auxdata(context, CInt(index)) {
            return unsafe Unmanaged<SQLiteWords>.fromOpaque(kept).takeUnretainedValue()
        }
        let count = unsafe Int(sqlite3_value_bytes(arguments[index]))
        let text = unsafe Array(UnsafeRawBufferPointer(start: sqlite3_value_blob(arguments[index]), count: count))
        let words = unsafe SQLiteWords(text, isFolding: sqlite3_value_int64(arguments[index + 1]) != 0)
        unsafe sqlite3_set_auxdata(context, CInt(index), Unmanaged.passRetained(words).toOpaque()) { kept in
            if let kept = unsafe kept { unsafe Unmanaged<SQLiteWords>.fromOpaque(kept).release() }
        }
        return words
    }
}

/// One of them. It is looked for by the byte of it that texts hold least often: memchr(3) runs over the rest as fast as memory is read.
private struct SQLiteWord {
    private let bytes: [UInt8]
    private let isFolding: Bool
    /// Where in the word that byte stands.
    private let anchor: Int

    /// - Parameter isFolding: whether letters of ASCII stand for both cases; then the bytes have lower case.
    init(_ bytes: [UInt8], isFolding: Bool) {
        self.bytes = bytes
        self.isFolding = isFolding
        anchor = bytes.indices.max { Self.rarity(bytes[$0]) < Self.rarity(bytes[$1]) } ?? 0
    }

    var count: Int { bytes.count }

    /// What texts are made of, the most frequent first.
    private static let frequent = Array(" etaoinsrlhdcu0mpfg1y2w3b4v5-_6789./(){}xkqjz".utf8)

    private static func rarity(_ byte: UInt8) -> Int { frequent.firstIndex(of: byte) ?? frequent.count }

    func isIn(_ text: UnsafeRawBufferPointer) -> Bool {
        guard !bytes.isEmpty, text.count >= bytes.count else { return bytes.isEmpty }
        // Where the anchor may stand: the rest of the word has room on both sides.
        let end = text.count - (bytes.count - 1 - anchor)
        let lower = bytes[anchor]
        let upper = isFolding && Self.isLowercase(lower) ? lower & ~0x20 : lower
        var nextLower = unsafe Self.find(lower, in: text, from: anchor, to: end)
        var nextUpper = unsafe upper == lower ? end : Self.find(upper, in: text, from: anchor, to: end)
        while true {
            let place = min(nextLower, nextUpper)
            guard place < end else { return false }
            if unsafe stands(in: text, at: place - anchor) { return true }
            if place == nextLower {
                nextLower = unsafe Self.find(lower, in: text, from: place + 1, to: end)
            } else {
                nextUpper = unsafe Self.find(upper, in: text, from: place + 1, to: end)
            }
        }
    }

    /// - Returns: `end` where it is not there.
    private static func find(_ byte: UInt8, in text: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Int {
        guard start < end, let base = text.baseAddress,
            let found = unsafe memchr(base + start, CInt(byte), end - start)
        else { return end }
        return unsafe base.distance(to: found)
    }

    private func stands(in text: UnsafeRawBufferPointer, at start: Int) -> Bool {
        for (index, byte) in bytes.enumerated() {
            let other = unsafe text[start + index]
            guard other == byte || (isFolding && Self.isLowercase(byte) && other == byte & ~0x20) else { return false }
        }
        return true
    }

    private static func isLowercase(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }
}

/// opencodefs_shows(value, words, folding): whether a value shown in JSON may hold one of some words, or may be written in
/// another way there than it is.
func showsOfValue(
    _ context: OpaquePointer?, _ count: CInt, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
) {
    guard let arguments = unsafe arguments else { return }
    let mayShow: Bool
    switch unsafe sqlite3_value_type(arguments[0]) {
    case SQLITE_BLOB: mayShow = true
    case SQLITE_TEXT:
        let text = unsafe UnsafeRawBufferPointer(
            start: sqlite3_value_text(arguments[0]), count: Int(sqlite3_value_bytes(arguments[0])))
        mayShow =
            unsafe text.contains { !standsForItself[Int($0)] }
            || SQLiteWords.of(context, arguments, at: 1).areIn(text)
    default: mayShow = false
    }
    unsafe sqlite3_result_int(context, mayShow ? 1 : 0)
}

/// Bytes that JSON writes as they are, whoever writes it.
private let standsForItself: [Bool] = (0...255).map { (byte: UInt8) in
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            && byte < 0x80
        || "-_. /:@+".utf8.contains(byte)
}
