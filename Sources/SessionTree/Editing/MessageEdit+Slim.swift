package import SessionModel

/// What takes the place of large files inside of a message (docs/decisions/0020).
package struct SlimmedMessage: Sendable {
    package let update: MessageUpdate
    /// How many files were replaced.
    package let count: Int
    /// Bytes that the texts lose.
    package let saved: Int
}

extension MessageEdit {
    /// Replaces the files of a message by stubs that OpenCode and the models it asks can still read; nil where none is as
    /// large.
    ///
    /// - Parameters:
    ///   - texts: of the message, as ``Message/texts`` numbers them.
    ///   - larger: bytes, decoded, above which a file is replaced.
    package static func slimmed(_ message: Message, texts: [[UInt8]], larger: Int) throws(EditError) -> SlimmedMessage?
    {
        guard texts.map(\.count) == message.texts.map(\.octets) else {
            throw EditError("the message changed while it was read", remedy: "try again")
        }
        var (replaced, count, saved): ([Int: [UInt8]], Int, Int) = ([:], 0, 0)
        for index in texts.indices {
            let large = Attachment.all(in: message, text: index) { (range) throws(Never) in Array(texts[index][range]) }
                .filter { $0.size > larger }
            guard !large.isEmpty else { continue }
            let text = slimmed(texts[index], large)
            // What is found in it is read back, or the text stays as it was.
            guard text.count < texts[index].count, JSONText.fault(in: text) == nil else { continue }
            replaced[index] = text
            count += large.count
            saved += texts[index].count - text.count
        }
        guard !replaced.isEmpty else { return nil }
        let update: MessageUpdate =
            switch message.shape {
            case .parted(_, let parts):
                .parted(
                    info: nil,
                    updated: parts.indices.compactMap { part in replaced[part + 1].map { (parts[part].id, $0) } },
                    inserted: [], removed: [])
            case .typed: .typed(type: nil, data: replaced[0])
            case .row: .row(replaced[0].map { [Assignment("parts", .text($0))] } ?? [])
            }
        return SlimmedMessage(update: update, count: count, saved: saved)
    }

    private static func slimmed(_ text: [UInt8], _ attachments: [Attachment]) -> [UInt8] {
        var changes: [(range: Range<Int>, bytes: [UInt8])] = []
        for attachment in attachments {
            let stub = AttachmentStub(of: attachment)
            let isURL = DataHeader(text[attachment.string]) != nil
            changes.append((attachment.string, isURL ? stub.url : stub.base64))
            if let mime = attachment.mimeString { changes.append((mime, stub.mime)) }
        }
        var (slim, end): ([UInt8], Int) = ([], 0)
        for change in changes.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            slim += text[end..<change.range.lowerBound]
            slim += change.bytes
            end = change.range.upperBound
        }
        return slim + text[end...]
    }
}

/// What stands where a file was.
///
/// A conversation that goes on is sent to the model as a whole, and a provider refuses a picture that is none. So a picture
/// becomes the smallest one there is, and everything else a line of text.
private struct AttachmentStub {
    let mime: [UInt8]
    let base64: [UInt8]

    /// A transparent pixel: a PNG of 68 bytes.
    private static let pixel = Array(
        ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==").utf8)

    init(of attachment: Attachment) {
        if attachment.mime?.starts(with: "image/".utf8) == true {
            (mime, base64) = (Array("image/png".utf8), Self.pixel)
        } else {
            let kind = String(decoding: attachment.mime ?? [], as: UTF8.self)
            let note =
                "[A file of \(attachment.size) bytes\(kind.isEmpty ? "" : ", \(kind),") was here: opencodefs slim]"
            (mime, base64) = (Array("text/plain".utf8), Base64.encoded(Array(note.utf8)))
        }
    }

    var url: [UInt8] {
        Array("data:".utf8) + mime + Array(";base64,".utf8) + base64
    }
}
