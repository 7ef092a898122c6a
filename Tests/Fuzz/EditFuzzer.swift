import SessionModel

@testable import SessionTree

/// Saves: any bytes, and files of ours with some bytes changed, as the new text of a message.
enum EditFuzzer {
    static func run(_ input: inout FuzzInput) {
        let choice = input.byte()
        let message = sample(choice)
        let saved = choice & 64 == 0 ? input.remainder() : changed(message.file, by: &input)
        record(saved, choice)
        let session = Session.ID("ses_1")
        for generation in SessionRecord.Generation.allCases {
            _ = try? MessageEdit.newMessage(.init("msg_1"), in: session, generation, from: saved)
        }
        do throws(EditError) {
            let update = try MessageEdit.changes(of: message.message, texts: message.texts, savedAs: saved)
            guard let update else { return }
            let after = message.applying(update)
            guard let tree = JSONTree(stored: saved), isFramed(tree, message) else { return }
            guard let shown = JSONTree(stored: after.file) else {
                return expect(false, "what is stored is shown as JSON")
            }
            expect(
                JSONMerge.isSame(shown.root, of: shown, tree.root, of: tree), "what is shown says what was saved")
            let again = try MessageEdit.changes(of: after.message, texts: after.texts, savedAs: saved)
            expect(again == nil, "the same again is no change")
        } catch {
            expect(error.offset ?? 0 <= saved.count, "a fault is in the text or at its end")
        }
    }

    /// The other files that can be saved.
    private static func record(_ saved: [UInt8], _ choice: UInt8) {
        let row = Record(["id": .text(Array("ses_1".utf8)), "title": .text([choice])], columns: ["id", "title"])
        for generation in SessionRecord.Generation.allCases {
            let session = SessionRecord(generation: generation, row: row)
            _ = try? SessionEdit.changes(of: session, savedAs: saved, now: 1)
            let home = SessionHome(project: .init("p"), worktree: nil, parent: nil, isArchived: false)
            _ = try? SessionEdit.newSession(
                .init("ses_1"), generation, in: home, from: saved, title: nil, now: 1, isKnown: { _ in false })
        }
        _ = try? ProjectEdit.changes(of: .init("p"), row, savedAs: saved, now: 1)
        _ = try? TodoEdit.changes(of: [], savedAs: saved)
    }

    /// Some bytes in the place of others.
    private static func changed(_ file: [UInt8], by input: inout FuzzInput) -> [UInt8] {
        var file = file
        while !input.isEmpty {
            let start = Int(input.number() % UInt64(file.count + 1))
            let end = min(file.count, start + Int(input.byte() % 16))
            file.replaceSubrange(start..<end, with: input.bytes(40))
        }
        return file
    }

    /// Whether every row names what our frame names, once: only then does what is shown look like what was saved.
    private static func isFramed(_ tree: JSONTree, _ message: FuzzedMessage) -> Bool {
        func has(_ keys: [String], _ object: JSONTree.Value) -> Bool {
            let members = tree.children(of: object)
            return keys.allSatisfy { key in members.count { tree.hasKey($0, key) } == 1 }
        }
        switch message.message.shape {
        case .parted:
            guard let info = tree.member("info", of: tree.root), let parts = tree.member("parts", of: tree.root),
                has(["id", "sessionID"], info)
            else { return false }
            return tree.children(of: parts).allSatisfy { has(["id", "sessionID", "messageID"], $0) }
        case .typed: return has(["id", "type"], tree.root)
        case .row:
            guard let time = tree.member("updated_at", of: tree.root), tree.double(time) == 5 else { return false }
            // What is true is stored as 1.
            return tree.children(of: tree.root).allSatisfy { tree.boolean($0) == nil }
                && has(["id", "session_id", "role", "model", "parts", "updated_at"], tree.root)
        }
    }

    private static func sample(_ choice: UInt8) -> FuzzedMessage {
        let tool =
            #"{"type":"tool","callID":"c","tool":"t","state":{"status":"pending","input":{"a":[1.0,2]},"raw":""}}"#
        switch choice % 3 {
        case 0:
            return .parted(
                #"{"role":"user","time":{"created":1.0},"x":[{"a":1},{"b":"\u00e9"}]}"#,
                [("prt_1", #"{"type":"text","text":"a"}"#), ("prt_3", tool)])
        case 1:
            return .typed(#"{"text":"a\/b","time":{"created":1.0},"x":[1, 2,{"a":null}]}"#)
        default: return .row(#"[{"type":"text","data":{"text":"a","x":[1.0,2]}},{"type":"finish","data":{}}]"#)
        }
    }
}

/// A message that can be saved and shown again.
private struct FuzzedMessage {
    let message: Message
    let texts: [[UInt8]]

    var file: [UInt8] { MessageFile.bytes(of: message, texts) }

    private init(_ shape: Message.Shape, _ texts: [[UInt8]]) {
        message = Message(id: .init("msg_1"), session: .init("ses_1"), shape: shape, order: .rank)
        self.texts = texts
    }

    static func parted(_ info: String, _ parts: [(String, String)]) -> FuzzedMessage {
        make(Array(info.utf8), parts.map { (Message.Part.ID($0.0), Array($0.1.utf8)) })
    }

    private static func make(_ info: [UInt8], _ parts: [(Message.Part.ID, [UInt8])]) -> FuzzedMessage {
        let stored = parts.map { Message.Part(id: $0.0, session: .init("ses_1"), data: StoredText(of: $0.1)) }
        return FuzzedMessage(.parted(info: StoredText(of: info), parts: stored), [info] + parts.map(\.1))
    }

    static func typed(_ data: String) -> FuzzedMessage {
        FuzzedMessage(.typed(type: Array("user".utf8), data: StoredText(of: Array(data.utf8))), [Array(data.utf8)])
    }

    static func row(_ parts: String) -> FuzzedMessage {
        let before = ["id": "msg_1", "session_id": "ses_1", "role": "user"].sorted { $0.key < $1.key }.map {
            Message.Column(name: $0.key, value: .text(Array($0.value.utf8)))
        }
        let after = [Message.Column(name: "model", value: nil), Message.Column(name: "updated_at", value: .integer(5))]
        return FuzzedMessage(
            .row(before: before, parts: StoredText(of: Array(parts.utf8)), after: after), [Array(parts.utf8)])
    }

    func applying(_ update: MessageUpdate) -> FuzzedMessage {
        switch (update, message.shape) {
        case (.parted(let info, let updated, let inserted, let removed), .parted(_, let parts)):
            var rows = Dictionary(zip(parts.map(\.id), texts.dropFirst()), uniquingKeysWith: { $1 })
            for id in removed { rows[id] = nil }
            for (id, data) in updated {
                expect(rows[id] != nil, "only parts that are there are updated")
                rows[id] = data
            }
            for (id, data) in inserted {
                expect(rows[id] == nil, "only parts that are not there are inserted")
                rows[id] = data
            }
            return .make(info ?? texts[0], rows.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        case (.typed(let newType, let data), .typed(let type, _)):
            let data = data ?? texts[0]
            return FuzzedMessage(.typed(type: newType ?? type, data: StoredText(of: data)), [data])
        case (.row(let assignments), .row(let before, _, let after)):
            func column(_ column: Message.Column) -> Message.Column {
                let changed = assignments.first { $0.column == column.name }
                return changed.map { Message.Column(name: $0.column, value: $0.value) } ?? column
            }
            var parts = texts[0]
            if case .text(let text)? = assignments.first(where: { $0.column == "parts" })?.value { parts = text }
            return FuzzedMessage(
                .row(before: before.map(column), parts: StoredText(of: parts), after: after.map(column)), [parts])
        default:
            expect(false, "an update is of the family of its message")
            return self
        }
    }
}
