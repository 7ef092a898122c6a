internal import SessionModel

/// Identifiers in the order in which they came, and the way back from each to its place. They stand one behind the other in one
/// piece of memory: of a large history there are millions, and an array for each takes five times the room.
struct IdentifierTable<Entity> {
    /// Each with a byte before it that says whether it is a blob.
    private var bytes: [UInt8] = []
    /// Where each ends.
    private var ends: [Int] = []
    /// Places, counted from 1, where their hashes lead to; a power of 2 of them, at most three quarters of them used.
    private var slots: [Int32] = []

    var count: Int { ends.count }

    subscript(_ place: Int) -> Identifier<Entity> {
        let range = range(of: place)
        return Identifier(bytes: Array(bytes[range.dropFirst()]), isBlob: bytes[range.lowerBound] == 1)
    }

    func place(of id: Identifier<Entity>) -> Int? {
        guard !slots.isEmpty else { return nil }
        var slot = firstSlot(of: id)
        while slots[slot] != 0 {
            let place = Int(slots[slot]) - 1
            if holds(id, at: place) { return place }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Takes one that is not there yet.
    mutating func append(_ id: Identifier<Entity>) {
        bytes.append(id.isBlob ? 1 : 0)
        bytes += id.bytes
        ends.append(bytes.count)
        if ends.count * 4 > slots.count * 3 {
            growSlots(for: ends.count)
        } else {
            fill(firstSlot(of: id), with: ends.count - 1)
        }
    }

    /// Makes room for so many.
    mutating func reserve(_ count: Int) {
        guard count > ends.count else { return }
        ends.reserveCapacity(count)
        // OpenCode's ids have 30 bytes.
        bytes.reserveCapacity(count * 31)
        growSlots(for: count)
    }

    private func range(of place: Int) -> Range<Int> {
        (place == 0 ? 0 : ends[place - 1])..<ends[place]
    }

    private func firstSlot(of id: Identifier<Entity>) -> Int {
        id.hashValue & (slots.count - 1)
    }

    private func holds(_ id: Identifier<Entity>, at place: Int) -> Bool {
        let range = range(of: place)
        return range.count == id.bytes.count + 1 && (bytes[range.lowerBound] == 1) == id.isBlob
            && bytes[range.dropFirst()].elementsEqual(id.bytes)
    }

    private mutating func fill(_ first: Int, with place: Int) {
        var slot = first
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(place + 1)
    }

    private mutating func growSlots(for count: Int) {
        var size = max(slots.count, 8)
        while count * 4 > size * 3 { size *= 2 }
        guard size > slots.count else { return }
        slots = [Int32](repeating: 0, count: size)
        for place in 0..<ends.count { fill(firstSlot(of: self[place]), with: place) }
    }
}
