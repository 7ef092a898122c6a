package import SessionModel
private import Timing

/// The file of a message (rule R1): the texts the database holds, framed so that the whole is JSON when they are. The
/// frame depends on their lengths and first bytes only, so a text that is no JSON is shown as it is.
package enum MessageFile {
    package static func layout(of message: Message) -> FileLayout {
        var file = FileLayout()
        switch message.shape {
        case .parted(let info, let parts):
            file.add("{\"info\":")
            file.add(text: 0, info, members: [("id", message.id.bytes), ("sessionID", message.session.bytes)])
            file.add(",\n\"parts\":[\n")
            for (index, part) in parts.enumerated() {
                file.add(text: index + 1, part.data, members: partFrame(part, of: message))
                if index + 1 < parts.count { file.add(",\n") }
            }
            file.add("\n]}\n")
        case .typed(let type, let data):
            file.add(text: 0, data, members: [("id", message.id.bytes), ("type", type)])
            file.add("\n")
        case .row(let before, let parts, let after):
            file.add("{")
            file.add(before.flatMap { member($0) + [UInt8(ascii: ",")] })
            file.add(partsKey)
            file.add(text: 0, from: 0, count: parts.octets)
            file.add(after.flatMap { [UInt8(ascii: ",")] + member($0) })
            file.add("}\n")
        }
        return file
    }

    /// The text of one row of a message of V1, framed as in its file: 0 is the message, those behind it its parts.
    static func layout(ofRow index: Int, of message: Message) -> FileLayout {
        var file = FileLayout()
        guard case .parted(let info, let parts) = message.shape else { return file }
        if index == 0 {
            file.add(text: 0, info, members: [("id", message.id.bytes), ("sessionID", message.session.bytes)])
        } else {
            let part = parts[index - 1]
            file.add(text: index, part.data, members: partFrame(part, of: message))
        }
        return file
    }

    private static func partFrame(_ part: Message.Part, of message: Message) -> [(key: String, value: [UInt8])] {
        [("id", part.id.bytes), ("sessionID", part.session.bytes), ("messageID", message.id.bytes)]
    }

    /// The version of the file that the rows describe.
    package static func version(of message: Message) -> FileVersion {
        var hash = IdentityHash()
        var newest = Int64.min
        func add(_ text: StoredText) {
            hash.add(UInt64(bitPattern: text.updated))
            hash.add(UInt64(truncatingIfNeeded: text.octets))
            hash.add(text.opening.rawValue)
            newest = max(newest, text.updated)
        }
        switch message.shape {
        case .parted(let info, let parts):
            add(info)
            for part in parts {
                add(part.data)
                hash.add(0, part.id.bytes)
            }
        case .typed(_, let data): add(data)
        case .row(let before, let parts, let after):
            add(parts)
            // Their values too: not every version of the schema has the triggers that tell of each change.
            // Identifiers are left out: another one is another message.
            for column in before + after where !["id", "session_id"].contains(column.name) {
                switch column.value {
                case .integer(let value): hash.add(UInt64(bitPattern: value))
                case .real(let value): hash.add(value.bitPattern)
                case .text(let bytes): hash.add(1, bytes)
                case nil: hash.add(0 as UInt8)
                }
            }
        }
        return FileVersion(
            size: size(of: message), changed: Timestamp(milliseconds: newest), digest: hash.value)
    }

    /// What the layout's size is, without making one: a listing asks this of every message.
    package static func size(of message: Message) -> Int {
        let id = JSONText.quotedCount(message.id.bytes)
        switch message.shape {
        case .parted(let info, let parts):
            var size = "{\"info\":".utf8.count + ",\n\"parts\":[\n".utf8.count + "\n]}\n".utf8.count
            size += framed(
                info, keys: "id".utf8.count + "sessionID".utf8.count,
                values: [
                    id, JSONText.quotedCount(message.session.bytes),
                ])
            for part in parts {
                size += framed(
                    part.data, keys: "idsessionIDmessageID".utf8.count,
                    values: [
                        JSONText.quotedCount(part.id.bytes), JSONText.quotedCount(part.session.bytes), id,
                    ])
            }
            return size + max(0, parts.count - 1) * ",\n".utf8.count
        case .typed(let type, let data):
            return framed(data, keys: "idtype".utf8.count, values: [id, JSONText.quotedCount(type)]) + 1
        case .row(let before, let parts, let after):
            var size = "{}\n".utf8.count + partsKey.count + parts.octets
            for column in before { size += memberCount(column) + 1 }
            for column in after { size += memberCount(column) + 1 }
            return size
        }
    }

    /// Bytes of ``member(_:)``.
    private static func memberCount(_ column: Message.Column) -> Int {
        let value =
            switch column.value {
            case .integer(let value): "\(value)".utf8.count
            case .real(let value): JSONText.number(value).count
            case .text(let bytes): JSONText.quotedCount(bytes)
            case nil: "null".utf8.count
            }
        return JSONText.quotedCount(Array(column.name.utf8)) + 1 + value
    }

    /// How an object begins whose first members are these, without the comma or bracket behind them.
    static func opening(_ members: [(key: String, value: [UInt8])]) -> [UInt8] {
        var opening: [UInt8] = [UInt8(ascii: "{")]
        for (number, member) in members.enumerated() {
            if number > 0 { opening.append(UInt8(ascii: ",")) }
            opening += "\"\(member.key)\":".utf8
            opening += JSONText.quoted(member.value)
        }
        return opening
    }

    private static let partsKey = Array("\"parts\":".utf8)

    private static func member(_ column: Message.Column) -> [UInt8] {
        let value: [UInt8] =
            switch column.value {
            case .integer(let value): Array("\(value)".utf8)
            case .real(let value): JSONText.number(value)
            case .text(let bytes): JSONText.quoted(bytes)
            case nil: Array("null".utf8)
            }
        return JSONText.quoted(column.name) + [UInt8(ascii: ":")] + value
    }

    private static func framed(_ text: StoredText, keys: Int, values: [Int]) -> Int {
        // { and for each member two quotes, a colon and a comma.
        let frame = 1 + keys + values.reduce(0, +) + values.count * 4
        return switch text.opening {
        case .object: frame + text.octets - 1
        case .emptyObject: frame
        case .other: frame + text.octets
        }
    }
}

extension FileLayout {
    /// An object whose first members are ours and whose rest is the text without its first `{`.
    fileprivate mutating func add(text index: Int, _ text: StoredText, members: [(key: String, value: [UInt8])]) {
        add(MessageFile.opening(members) + (text.opening == .emptyObject ? [] : [UInt8(ascii: ",")]))
        switch text.opening {
        case .object, .emptyObject: add(text: index, from: 1, count: text.octets - 1)
        case .other: add(text: index, from: 0, count: text.octets)
        }
    }
}
