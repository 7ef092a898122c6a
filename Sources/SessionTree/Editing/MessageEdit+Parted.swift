internal import SessionModel

/// V1: `{"info":{…},"parts":[…]}`.
extension MessageEdit {
    static func partedChanges(
        of message: Message, _ stored: [Message.Part], texts: [[UInt8]], savedAs tree: JSONTree
    ) throws(EditError) -> MessageUpdate? {
        let file = try PartedFile(tree)
        try file.expect(message: message.id, session: message.session)
        let info = file.info.change(
            of: texts[0], framed: PartedFile.infoFrame(message.id, message.session.bytes))
        let known = Dictionary(stored.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        var ranks: [Int?] = []
        for row in file.parts {
            let rank = row["id"].flatMap { storedRank(of: $0, known: known) }
            ranks.append(rank)
            try row.expect("sessionID", rank.map { stored[$0].session.bytes } ?? message.session.bytes)
            if rank == nil, let id = row["id"], !id.starts(with: "prt".utf8) { throw PartedFile.unusualID(row) }
        }
        let given = zip(file.parts, ranks).map { row, rank in
            rank.map { stored[$0].id } ?? row["id"].map { Message.Part.ID(bytes: $0) }
        }
        let ids = try PartIDs.complete(given, ranks: known, taken: Set(known.keys), message: message.id)

        if info != nil { try MessageShape.checkV1(info: file.info) }
        var updated: [(id: Message.Part.ID, data: [UInt8])] = []
        var inserted: [(id: Message.Part.ID, data: [UInt8])] = []
        for (number, row) in file.parts.enumerated() {
            let session = ranks[number].map { stored[$0].session } ?? message.session
            let frame = PartedFile.partFrame(ids[number], session, message.id)
            if let rank = ranks[number] {
                guard let data = row.change(of: texts[rank + 1], framed: frame) else { continue }
                updated.append((ids[number], data))
            } else {
                inserted.append((ids[number], row.newText(framed: frame)))
            }
            try MessageShape.checkV1(part: row)
        }
        let kept = Set(ranks.compactMap { $0 })
        let removed = stored.indices.filter { !kept.contains($0) }.map { stored[$0].id }
        if info == nil, updated.isEmpty, inserted.isEmpty, removed.isEmpty { return nil }
        return .parted(info: info, updated: updated, inserted: inserted, removed: removed)
    }

    static func newParted(
        _ id: Message.ID, in session: Session.ID, from tree: JSONTree
    ) throws(EditError) -> NewMessage {
        let file = try PartedFile(tree)
        try file.expect(message: id, session: session)
        try MessageShape.checkV1(info: file.info)
        for row in file.parts {
            try row.expect("sessionID", session.bytes)
            if let part = row["id"], !part.starts(with: "prt".utf8) { throw PartedFile.unusualID(row) }
            try MessageShape.checkV1(part: row)
        }
        let given = file.parts.map { $0["id"].map { Message.Part.ID(bytes: $0) } }
        let ids = try PartIDs.complete(given, ranks: [:], taken: [], message: id)
        let info = file.info.newText(framed: PartedFile.infoFrame(id, session.bytes))
        let parts = zip(ids, file.parts).map { part, row in
            (id: part, data: row.newText(framed: PartedFile.partFrame(part, session, id)))
        }
        let created = tree.member("time", of: file.info.object).flatMap { tree.member("created", of: $0) }
        return NewMessage(
            id: id, session: session,
            content: exactly(id, session, file, info, parts) ?? .parted(info: info, parts: parts),
            created: moment(created, of: tree))
    }

    /// The texts with the space they end with, if the file is what we render of them.
    private static func exactly(
        _ id: Message.ID, _ session: Session.ID, _ file: PartedFile, _ info: [UInt8],
        _ parts: [(id: Message.Part.ID, data: [UInt8])]
    ) -> NewMessage.Content? {
        let tree = file.info.tree
        let info = info + space(behind: file.info.object, of: tree)
        let parts = zip(file.parts, parts).enumerated().map { number, part in
            // In front of the last bracket the frame has a newline of its own.
            let space = space(behind: part.0.object, of: tree)
            return (id: part.1.id, data: part.1.data + (number + 1 < parts.count ? space : space.dropLast()))
        }
        let message = Message(
            id: id, session: session,
            shape: .parted(
                info: StoredText(of: info),
                parts: parts.map { Message.Part(id: $0.id, session: session, data: StoredText(of: $0.data)) }),
            order: .rank)
        let isExact = MessageFile.bytes(of: message, [info] + parts.map(\.data)) == tree.bytes
        return isExact ? .parted(info: info, parts: parts) : nil
    }

    /// Which of the stored parts an id names.
    private static func storedRank(of id: [UInt8], known: [Message.Part.ID: Int]) -> Int? {
        if let rank = known[Message.Part.ID(bytes: id)] ?? known[Message.Part.ID(bytes: id, isBlob: true)] {
            return rank
        }
        // What is no UTF-8 comes back from an editor as U+FFFD.
        guard id.contains(0xef) else { return nil }
        return known.first { JSONText.isSameText($0.key.bytes, id) }?.value
    }
}

/// The file of a message of V1, its frame taken off.
private struct PartedFile {
    let info: SavedRow
    let parts: [SavedRow]

    init(_ tree: JSONTree) throws(EditError) {
        guard tree.kind(of: tree.root) == .object else { throw .member("", "must be an object of info and parts") }
        var info: JSONTree.Value?
        var parts: JSONTree.Value?
        for member in tree.children(of: tree.root) {
            if info == nil, tree.hasKey(member, "info") {
                info = member
            } else if parts == nil, tree.hasKey(member, "parts") {
                parts = member
            } else {
                throw .member(
                    tree.nameForPeople(of: member), "has no place beside info and parts",
                    remedy: "put it into info, or take it out")
            }
        }
        guard let info else { throw .member("info", "is missing") }
        guard let parts else { throw .member("parts", "is missing", remedy: "a message without parts has [] there") }
        guard tree.kind(of: parts) == .array else { throw .member("parts", "must be an array") }
        self.info = try SavedRow(info, of: tree, path: "info", frame: ["id", "sessionID"])
        var rows: [SavedRow] = []
        for (number, part) in tree.children(of: parts).enumerated() {
            rows.append(
                try SavedRow(part, of: tree, path: "parts[\(number)]", frame: ["id", "sessionID", "messageID"]))
        }
        self.parts = rows
    }

    func expect(message: Message.ID, session: Session.ID) throws(EditError) {
        try info.expect("id", message.bytes)
        try info.expect("sessionID", session.bytes)
        for part in parts { try part.expect("messageID", message.bytes) }
    }

    static func infoFrame(_ id: Message.ID, _ session: [UInt8]) -> [(key: String, value: [UInt8])] {
        [("id", id.bytes), ("sessionID", session)]
    }

    static func partFrame(
        _ id: Message.Part.ID, _ session: Session.ID, _ message: Message.ID
    ) -> [(key: String, value: [UInt8])] {
        [("id", id.bytes), ("sessionID", session.bytes), ("messageID", message.bytes)]
    }

    static func unusualID(_ row: SavedRow) -> EditError {
        .member("\(row.path).id", "must begin with prt", remedy: "leave it out, and one is found")
    }
}
