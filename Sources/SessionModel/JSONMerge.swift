/// Makes an old text say what a new one says, and leaves every byte of it that says the same already.
///
/// Equal are objects of the same members in any order, strings that are the same unescaped, numbers that are the same
/// as a Double: a program that reads and writes JSON may spell all of these anew. Where an object has a key twice,
/// order counts.
package struct JSONMerge {
    private let old: JSONTree
    private let new: JSONTree
    /// What takes the place of bytes of the old text, from its beginning to its end.
    private var edits: [(range: Range<Int>, text: [UInt8])] = []

    private init(old: JSONTree, new: JSONTree) {
        self.old = old
        self.new = new
    }

    /// The old text, saying what a value says; nil where it does.
    package static func text(of old: JSONTree, saying value: JSONTree.Value, of new: JSONTree) -> [UInt8]? {
        var merge = JSONMerge(old: old, new: new)
        merge.merge(old.root, value)
        return merge.result()
    }

    /// The old text, saying what an object of these members says; nil where it does.
    ///
    /// - Parameter kept: keys of the old text's outermost object that the new one does not speak of.
    package static func text(
        of old: JSONTree, sayingMembers members: [JSONTree.Value], of new: JSONTree, keeping kept: Set<[UInt8]>
    ) -> [UInt8]? {
        guard old.kind(of: old.root) == .object else { return new.compactObject(members) }
        var merge = JSONMerge(old: old, new: new)
        merge.mergeMembers(of: old.root, old.children(of: old.root), members, keeping: kept)
        return merge.result()
    }

    /// Whether two values say the same.
    package static func isSame(_ one: JSONTree.Value, of old: JSONTree, _ other: JSONTree.Value, of new: JSONTree)
        -> Bool
    {
        JSONMerge(old: old, new: new).isSame(one, other)
    }

    private func result() -> [UInt8]? {
        guard !edits.isEmpty else { return nil }
        var text: [UInt8] = []
        text.reserveCapacity(old.bytes.count + edits.reduce(0) { $0 + $1.text.count })
        var position = 0
        for edit in edits {
            text += old.bytes[position..<edit.range.lowerBound]
            text += edit.text
            position = edit.range.upperBound
        }
        return text + old.bytes[position...]
    }

    private mutating func merge(_ one: JSONTree.Value, _ other: JSONTree.Value) {
        switch (old.kind(of: one), new.kind(of: other)) {
        case (.object, .object): mergeMembers(of: one, old.children(of: one), new.children(of: other), keeping: [])
        case (.array, .array): mergeElements(of: one, old.children(of: one), new.children(of: other))
        default:
            if !isSame(one, other) { edits.append((old.range(of: one), new.compact(other))) }
        }
    }

    // MARK: Objects

    private mutating func mergeMembers(
        of object: JSONTree.Value, _ before: [JSONTree.Value], _ after: [JSONTree.Value], keeping kept: Set<[UInt8]>
    ) {
        if haveSameKeys(before, after) {
            for (one, other) in zip(before, after) { merge(one, other) }
            return
        }
        guard let positions = positions(of: before, in: after) else {
            var text = new.compactObject(after)
            let rest = before.filter { one in isKept(one, kept) && !after.contains { hasSameKey(one, $0) } }
            if !rest.isEmpty {
                text = old.compactObject(rest).dropLast() + (after.isEmpty ? [] : [0x2c]) + text.dropFirst()
            }
            edits.append((old.range(of: object), text))
            return
        }
        let stays = zip(before, positions).map { $1 != nil || isKept($0, kept) }
        let firstStaying = stays.firstIndex(of: true)
        for (index, member) in before.enumerated() {
            if let position = positions[index] {
                merge(member, after[position])
            } else if !stays[index] {
                remove(index, of: before, firstStaying: firstStaying)
            }
        }
        let matched = Set(positions.compactMap { $0 })
        let added = after.indices.filter { !matched.contains($0) }.map { after[$0] }
        guard !added.isEmpty else { return }
        var text: [UInt8] = []
        for member in added {
            if !text.isEmpty || firstStaying != nil { text.append(UInt8(ascii: ",")) }
            new.appendCompactMember(member, to: &text)
        }
        let place = before.last.map { old.range(of: $0).upperBound } ?? old.range(of: object).lowerBound + 1
        edits.append((place..<place, text))
    }

    /// Takes out a member or element with the comma that is no longer needed.
    private mutating func remove(_ index: Int, of children: [JSONTree.Value], firstStaying: Int?) {
        let start: Int
        let end: Int
        if let firstStaying, index > firstStaying {
            start = old.range(of: children[index - 1]).upperBound
            end = old.range(of: children[index]).upperBound
        } else {
            start = beginning(of: children[index])
            end =
                index + 1 < children.count
                ? beginning(of: children[index + 1]) : old.range(of: children[index]).upperBound
        }
        edits.append((start..<end, []))
    }

    /// The first byte of an element, or of a member's key.
    private func beginning(of child: JSONTree.Value) -> Int {
        let key = old.keyRange(of: child)
        return key.upperBound == 0 ? old.range(of: child).lowerBound : key.lowerBound - 1
    }

    private func haveSameKeys(_ before: [JSONTree.Value], _ after: [JSONTree.Value]) -> Bool {
        before.count == after.count && zip(before, after).allSatisfy { hasSameKey($0, $1) }
    }

    private func hasSameKey(_ one: JSONTree.Value, _ other: JSONTree.Value) -> Bool {
        JSONText.isSame(old.bytes[old.keyRange(of: one)], new.bytes[new.keyRange(of: other)])
    }

    private func isKept(_ member: JSONTree.Value, _ kept: Set<[UInt8]>) -> Bool {
        !kept.isEmpty && kept.contains(repaired(old.key(of: member)))
    }

    /// Where the member of the new text is that has the key of each of the old one's; nil where a key is there twice.
    private func positions(of before: [JSONTree.Value], in after: [JSONTree.Value]) -> [Int?]? {
        if before.count <= 8, after.count <= 8 {
            // Most objects are small: to compare all is faster than to hash.
            let isTwice =
                before.indices.contains { index in
                    before[..<index].contains { isSameKey(before[index], $0, of: old) }
                }
                || after.indices.contains { index in after[..<index].contains { isSameKey(after[index], $0, of: new) } }
            return isTwice ? nil : before.map { one in after.firstIndex { hasSameKey(one, $0) } }
        }
        var positions: [[UInt8]: Int] = [:]
        for (position, member) in after.enumerated() { positions[repaired(new.key(of: member))] = position }
        let keys = before.map { repaired(old.key(of: $0)) }
        guard positions.count == after.count, Set(keys).count == keys.count else { return nil }
        return keys.map { positions[$0] }
    }

    private func isSameKey(_ one: JSONTree.Value, _ other: JSONTree.Value, of tree: JSONTree) -> Bool {
        JSONText.isSame(tree.bytes[tree.keyRange(of: one)], tree.bytes[tree.keyRange(of: other)])
    }

    private func repaired(_ key: [UInt8]) -> [UInt8] {
        String(validating: key, as: UTF8.self) != nil ? key : Array(String(decoding: key, as: UTF8.self).utf8)
    }

    // MARK: Arrays

    private mutating func mergeElements(
        of array: JSONTree.Value, _ before: [JSONTree.Value], _ after: [JSONTree.Value]
    ) {
        if before.count == after.count {
            for (one, other) in zip(before, after) { merge(one, other) }
            return
        }
        let most = min(before.count, after.count)
        var prefix = 0
        while prefix < most, isSame(before[prefix], after[prefix]) { prefix += 1 }
        var suffix = 0
        while prefix + suffix < most, isSame(before[before.count - 1 - suffix], after[after.count - 1 - suffix]) {
            suffix += 1
        }
        let (gone, come) = (prefix..<before.count - suffix, prefix..<after.count - suffix)
        guard !come.isEmpty else {
            let firstStaying = prefix > 0 ? 0 : suffix > 0 ? gone.upperBound : nil
            for index in gone { remove(index, of: before, firstStaying: firstStaying) }
            return
        }
        var text: [UInt8] = []
        for element in after[come] {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            new.appendCompact(new.range(of: element), to: &text)
        }
        if let last = gone.last {
            let place = old.range(of: before[prefix]).lowerBound..<old.range(of: before[last]).upperBound
            edits.append((place, text))
        } else if prefix > 0 {
            let place = old.range(of: before[prefix - 1]).upperBound
            edits.append((place..<place, [UInt8(ascii: ",")] + text))
        } else {
            let place = before.first.map { old.range(of: $0).lowerBound } ?? old.range(of: array).lowerBound + 1
            edits.append((place..<place, text + (before.isEmpty ? [] : [UInt8(ascii: ",")])))
        }
    }

    // MARK: Equality

    private func isSame(_ one: JSONTree.Value, _ other: JSONTree.Value) -> Bool {
        guard old.kind(of: one) == new.kind(of: other) else { return false }
        let (before, after) = (old.range(of: one), new.range(of: other))
        switch old.kind(of: one) {
        case .null: return true
        case .boolean: return old.boolean(one) == new.boolean(other)
        case .number:
            return old.bytes[before].elementsEqual(new.bytes[after]) || isSameNumber(old.double(one), new.double(other))
        case .string:
            return JSONText.isSame(old.bytes[before].dropFirst().dropLast(), new.bytes[after].dropFirst().dropLast())
        case .array:
            let (elements, others) = (old.children(of: one), new.children(of: other))
            return elements.count == others.count && zip(elements, others).allSatisfy { isSame($0, $1) }
        case .object:
            let (members, others) = (old.children(of: one), new.children(of: other))
            guard members.count == others.count else { return false }
            if haveSameKeys(members, others) { return zip(members, others).allSatisfy { isSame($0, $1) } }
            guard let positions = positions(of: members, in: others) else { return false }
            return zip(members, positions).allSatisfy { member, position in
                position.map { isSame(member, others[$0]) } ?? false
            }
        }
    }

    private func isSameNumber(_ one: Double?, _ other: Double?) -> Bool {
        guard let one, let other else { return false }
        // jq writes what is too large for it as the largest number.
        let largest = Double.greatestFiniteMagnitude
        return min(max(one, -largest), largest) == min(max(other, -largest), largest)
    }
}
