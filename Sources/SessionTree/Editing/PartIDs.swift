internal import SessionModel

/// The ids of the parts of a V1 message whose file was saved: OpenCode shows parts in the order of their ids.
enum PartIDs {
    /// Finds ids for the parts that have none: each behind the one before it and in front of the one after it.
    ///
    /// - Parameters:
    ///   - ids: as the file has them.
    ///   - ranks: of those that are stored: their order is the database's.
    ///   - taken: ids that are not to be had.
    static func complete(
        _ ids: [Message.Part.ID?], ranks: [Message.Part.ID: Int], taken: Set<Message.Part.ID>, message: Message.ID
    ) throws(EditError) -> [Message.Part.ID] {
        try checkOrder(ids, ranks: ranks)
        var complete: [Message.Part.ID] = []
        for (index, id) in ids.enumerated() {
            if let id {
                complete.append(id)
                continue
            }
            let next = ids[index...].lazy.compactMap { $0 }.first
            let free = candidates(after: complete.last, before: next, message: message).first { candidate in
                !taken.contains(candidate) && complete.last.map { $0 < candidate } ?? true
                    && next.map { candidate < $0 } ?? true
            }
            guard let free else {
                throw .member(
                    "parts[\(index)]", "has no id, and none fits between its neighbours'",
                    remedy: "give it an id that begins with prt and sorts between theirs")
            }
            complete.append(free)
        }
        return complete
    }

    private static func checkOrder(
        _ ids: [Message.Part.ID?], ranks: [Message.Part.ID: Int]
    ) throws(EditError) {
        var previous: Message.Part.ID?
        for (index, id) in ids.enumerated() {
            guard let id else { continue }
            defer { previous = id }
            guard let previous else { continue }
            let isInOrder =
                if let one = ranks[previous], let other = ranks[id] { one < other } else { previous < id }
            guard isInOrder else {
                throw .member(
                    "parts[\(index)].id", "does not sort behind the id before it",
                    remedy: "parts stand in the order of their ids: give it a later id, or leave the id out")
            }
        }
    }

    private static func candidates(
        after previous: Message.Part.ID?, before next: Message.Part.ID?, message: Message.ID
    ) -> [Message.Part.ID] {
        var candidates: [[UInt8]] = []
        if let previous {
            var bytes = previous.bytes
            // One that is taken was a part of this message: a few steps lead past all that are likely to stand there.
            for _ in 0..<64 {
                guard let later = step(bytes, up: true) else { break }
                candidates.append(later)
                bytes = later
            }
            for digit in "Vk0".utf8 { candidates.append(previous.bytes + [digit]) }
        } else {
            let prefix = Array("msg_".utf8)
            let rest = message.bytes.starts(with: prefix) ? message.bytes.dropFirst(prefix.count) : message.bytes[...]
            candidates.append(Array("prt_".utf8) + rest)
            if let next, let earlier = step(next.bytes, up: false) { candidates.append(earlier) }
            candidates.append(Array("prt_".utf8))
        }
        return candidates.filter { $0.starts(with: "prt".utf8) }.map { Message.Part.ID(bytes: $0) }
    }

    /// The next or the previous id of the same length, whose last digits of base 62 are counted on.
    private static func step(_ bytes: [UInt8], up: Bool) -> [UInt8]? {
        var bytes = bytes
        for index in bytes.indices.reversed() {
            guard index >= 3, let position = digits.firstIndex(of: bytes[index]) else { return nil }
            let next = up ? position + 1 : position - 1
            if digits.indices.contains(next) {
                bytes[index] = digits[next]
                return bytes
            }
            bytes[index] = up ? digits[0] : digits[digits.count - 1]
        }
        return nil
    }

    /// In the order of their bytes.
    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
}
