/// The words of a text, each once, as an index takes them: with spaces between them.
package struct WordSet: WordScanner.Sink {
    private struct Entry {
        /// Where it stands among the words, and how long it is.
        let start: Int
        let length: Int
        let hash: UInt64
    }

    /// All words in the order in which they came first, a space behind each; then what is left of an earlier text.
    private var bytes = [UInt8](repeating: 0, count: 4096)
    private var count = 0
    private var entries: [Entry] = []
    /// Numbers of entries, from 1, where their hashes lead to; a power of 2 of them, at most half of them used.
    private var slots = [Int32](repeating: 0, count: Self.fewest)
    private static let fewest = 1024

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    /// All words in the order in which they came first, a space behind each.
    package var text: [UInt8] { Array(bytes[..<count]) }

    package mutating func take(_ word: borrowing Span<UInt8>, isPart: Bool, at range: Range<Int>) {
        // FNV-1a.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in word.indices { hash = (hash ^ UInt64(word[index])) &* 0x100_0000_01b3 }
        hash ^= hash >> 32
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) - 1]
            if entry.hash == hash, isEqual(word, entry) { return }
            slot = (slot + 1) & (slots.count - 1)
        }
        entries.append(Entry(start: count, length: word.count, hash: hash))
        append(word)
        slots[slot] = Int32(truncatingIfNeeded: entries.count)
        if entries.count * 2 > slots.count { grow() }
    }

    private func isEqual(_ word: borrowing Span<UInt8>, _ entry: Entry) -> Bool {
        guard word.count == entry.length else { return false }
        let known = bytes.span.extracting(entry.start..<entry.start + entry.length)
        for index in word.indices where word[index] != known[index] { return false }
        return true
    }

    private mutating func append(_ word: borrowing Span<UInt8>) {
        while count + word.count + 1 > bytes.count { bytes += [UInt8](repeating: 0, count: bytes.count) }
        let start = count
        count += word.count + 1
        var place = bytes.mutableSpan
        for index in word.indices { place[start + index] = word[index] }
        place[start + word.count] = UInt8(ascii: " ")
    }

    private mutating func grow() {
        slots = [Int32](repeating: 0, count: slots.count * 2)
        for (number, entry) in entries.enumerated() {
            var slot = Int(truncatingIfNeeded: entry.hash) & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(truncatingIfNeeded: number + 1)
        }
    }

    /// Begins anew, with the memory it has.
    package mutating func removeAll() {
        guard !entries.isEmpty else { return }
        count = 0
        entries.removeAll(keepingCapacity: true)
        slots = [Int32](repeating: 0, count: Self.fewest)
    }
}
