/// The words of a text, each once, as an index takes them: with spaces between them.
package struct WordSet: WordScanner.Sink {
    private struct Entry {
        let range: Range<Int>
        let hash: UInt64
    }

    /// All words in the order in which they came first, a space behind each.
    package private(set) var text: [UInt8] = []
    private var entries: [Entry] = []
    /// Numbers of entries, from 1, where their hashes lead to; a power of 2 of them, at most half of them used.
    private var slots = [Int32](repeating: 0, count: 1024)

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    package mutating func take(_ word: borrowing Span<UInt8>, isPart: Bool, at range: Range<Int>) {
        // FNV-1a.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in word.indices { hash = (hash ^ UInt64(word[index])) &* 0x100_0000_01b3 }
        hash ^= hash >> 32
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) - 1]
            if entry.hash == hash, isEqual(word, entry.range) { return }
            slot = (slot + 1) & (slots.count - 1)
        }
        let start = text.count
        for index in word.indices { text.append(word[index]) }
        entries.append(Entry(range: start..<text.count, hash: hash))
        text.append(UInt8(ascii: " "))
        slots[slot] = Int32(truncatingIfNeeded: entries.count)
        if entries.count * 2 > slots.count { grow() }
    }

    private func isEqual(_ word: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard word.count == range.count else { return false }
        for index in word.indices where word[index] != text[range.lowerBound + index] { return false }
        return true
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
        text.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        if slots.count > 1024 {
            slots = [Int32](repeating: 0, count: 1024)
        } else {
            for index in slots.indices { slots[index] = 0 }
        }
    }
}
