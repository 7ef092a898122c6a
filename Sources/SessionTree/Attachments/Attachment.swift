package import SessionModel
package import Timing
package import VFS

/// A file inside of a message: base64, or a data: URL, in one of its texts (rule R9).
package struct Attachment: Sendable {
    /// How its bytes stand in the text.
    package enum Encoding: Sendable, Equatable {
        /// Base64 (RFC 4648, either alphabet) without anything between its digits: any range is decoded by itself. The
        /// range is that of the digits, without the padding.
        case base64(digits: Range<Int>)
        /// Anything else, small: decoded as a whole. The range is that of the string between its quotes.
        case whole(Range<Int>)
    }

    package let message: Message.ID
    /// As ``Message/texts`` numbers them.
    package let text: Int
    /// What it is called in `attachments/`.
    package let name: FileName
    /// What the message says that it is, `image/png`; nil where it says nothing.
    package let mime: [UInt8]?
    /// The string that says so, between its quotes; nil where only a data: URL does, or nothing.
    let mimeString: Range<Int>?
    /// The string that holds it, between its quotes.
    package let string: Range<Int>
    package let encoding: Encoding
    /// Bytes, decoded.
    package let size: Int
    /// When its row says it changed.
    package let changed: Timestamp
    /// Of its message's version and its place in it: other when the bytes are.
    package let digest: UInt64

    /// Some of its bytes.
    ///
    /// - Parameter read: bytes of the text.
    package func bytes<Failure>(
        _ range: Range<Int>, _ read: (Range<Int>) throws(Failure) -> [UInt8]
    ) throws(Failure) -> [UInt8] {
        switch encoding {
        case .base64(let digits):
            let first = range.lowerBound / 3
            let end = min(digits.count, (range.upperBound + 2) / 3 * 4)
            let text = try read(digits.lowerBound + first * 4..<digits.lowerBound + end)
            let decoded = Base64.decoded(text[...]) ?? []
            let offset = range.lowerBound - first * 3
            return Array(decoded.dropFirst(offset).prefix(range.count))
        case .whole(let string):
            let decoded = DataText.decoded(try read(string)) ?? []
            return Array(decoded.dropFirst(range.lowerBound).prefix(range.count))
        }
    }
}

/// What a family's texts are, to those who look for attachments in one.
package enum AttachmentShape: Sendable {
    /// A row of V1's `part`.
    case part(Message.Part.ID)
    /// V2's `session_message.data`.
    case typed
    /// Go's `messages.parts`.
    case row
}

extension Attachment {
    /// The files in one text of a message.
    ///
    /// - Parameter read: bytes of the text, asked for from its beginning to its end.
    package static func all<Failure>(
        in message: Message, text: Int, _ read: (Range<Int>) throws(Failure) -> [UInt8]
    ) throws(Failure) -> [Attachment] {
        guard message.texts.indices.contains(text) else { return [] }
        let stored = message.texts[text]
        let shape: AttachmentShape
        switch message.shape {
        case .parted(_, let parts):
            guard text > 0 else { return [] }
            shape = .part(parts[text - 1].id)
        case .typed: shape = .typed
        case .row: shape = .row
        }
        var search = AttachmentSearch(shape)
        var scan = TextScan()
        var offset = 0
        while offset < stored.octets {
            let window = try read(offset..<min(offset + TextScan.window, stored.octets))
            guard !window.isEmpty, scan.take(window, &search) else { break }
            offset += window.count
        }
        var attachments: [Attachment] = []
        for (number, found) in search.found.enumerated() {
            guard let (encoding, size) = try measure(found, read) else { continue }
            attachments.append(
                Attachment(
                    message: message.id, text: text,
                    name: found.name(number, hasFellows: search.found.count > 1, shape, message.id), mime: found.mime,
                    mimeString: found.mimeString,
                    string: found.string.range, encoding: encoding, size: size,
                    changed: Timestamp(milliseconds: stored.updated),
                    digest: digest(of: message, text, found.string.range)))
        }
        return attachments
    }

    private static func digest(of message: Message, _ text: Int, _ string: Range<Int>) -> UInt64 {
        ContentHash.combine(
            MessageFile.version(of: message).digest, ContentHash.combine(UInt64(text), UInt64(string.lowerBound)))
    }

    /// Whether a message is still the version that this was found in.
    func stands(in message: Message) -> Bool {
        digest == Self.digest(of: message, text, string)
    }

    /// How a file stands in its string, and how large it is; nil where it cannot be decoded.
    private static func measure<Failure>(
        _ found: FoundAttachment, _ read: (Range<Int>) throws(Failure) -> [UInt8]
    ) throws(Failure) -> (Encoding, Int)? {
        if let digits = found.digits { return (.base64(digits: digits), Base64.size(ofDigits: digits.count)) }
        // Spelled in some other way than OpenCode does: percents, escapes, line breaks.
        guard found.string.range.count <= DataText.largest,
            let decoded = DataText.decoded(try read(found.string.range))
        else { return nil }
        return (.whole(found.string.range), decoded.count)
    }
}
