internal import SessionModel
internal import Timing

/// `export.json`: a session as `opencode export` prints it, an object of `info` and `messages`. `info` is `session.json`, each
/// message the text of its own file, so that what is imported again is what was exported, byte for byte. The Go OpenCode has
/// no export: there it is the same object, with the rows as members (docs/decisions/0019).
///
/// Its size follows from the lengths of the rows: nothing is read to tell it, and any stretch of it can be had.
struct ExportView: SessionView {
    let isLinked = false

    func file(of session: Session, in history: any HistoryReading) throws(ViewError) -> DerivedFile {
        guard let record = try history.sessionRecord(session.id) else { throw .notFound }
        let head = Self.head(record)
        var hash = ContentHash.value(of: head)
        var newest = Timestamp(milliseconds: record.updated)
        /// Where each message begins, so that a stretch is found without asking for all of them again.
        var starts: [Element] = []
        var size = head.count
        try history.messages(of: session.id) { message in
            let version = MessageFile.version(of: message)
            hash = ContentHash.combine(hash, version.digest)
            hash = ContentHash.combine(hash, ContentHash.value(of: message.id.bytes))
            newest = max(newest, version.changed)
            starts.append(Element(offset: size, id: message.id, version: version))
            size += Self.separator(before: starts.count - 1).count + version.size - 1
        }
        let tail = Self.tail(starts.count)
        let end = size
        return DerivedFile(
            .ranges(
                DerivedFile.Ranges(size: end + tail.count, digest: hash) {
                    [starts] (range, history) throws(ViewError) in
                    var bytes: [UInt8] = []
                    bytes.reserveCapacity(range.count)
                    bytes += head[range.clamped(to: 0..<head.count)]
                    // The first that reaches into the range.
                    var index = max(0, (starts.firstIndex { $0.offset > range.lowerBound } ?? starts.count) - 1)
                    while index < starts.count, starts[index].offset < range.upperBound {
                        let stop = index + 1 < starts.count ? starts[index + 1].offset : end
                        bytes += try Self.bytes(
                            of: starts[index], number: index, upTo: stop, of: session.id, within: range, in: history)
                        index += 1
                    }
                    let rest = range.clamped(to: end..<(end + tail.count))
                    return bytes + tail[(rest.lowerBound - end)..<(rest.upperBound - end)]
                }), changed: newest)
    }

    /// A message, with what stands in front of it.
    private struct Element: Sendable {
        let offset: Int
        let id: Message.ID
        let version: FileVersion
    }

    /// What of a message, and of what stands in front of it, lies within a range.
    private static func bytes(
        of element: Element, number: Int, upTo end: Int, of session: Session.ID, within range: Range<Int>,
        in history: any HistoryReading
    ) throws(ViewError) -> [UInt8] {
        let separator = separator(before: number)
        let wanted = range.clamped(to: element.offset..<end)
        let (from, to) = (wanted.lowerBound - element.offset, wanted.upperBound - element.offset)
        var bytes = Array(separator[min(from, separator.count)..<min(to, separator.count)])
        guard to > separator.count else { return bytes }
        guard let message = try history.message(element.id, of: session),
            MessageFile.version(of: message) == element.version
        else { throw .changed }
        // Without the newline at its end, which the range leaves out.
        bytes += try history.bytes(
            max(0, from - separator.count)..<(to - separator.count), ofFileOf: message)
        return bytes
    }

    private static func head(_ record: SessionRecord) -> [UInt8] {
        var head = Array("{\n  \"info\": ".utf8)
        for byte in SessionFile.render(record).dropLast() {
            head.append(byte)
            if byte == 0x0a { head += "  ".utf8 }
        }
        return head + ",\n  \"messages\": [".utf8
    }

    private static func separator(before number: Int) -> [UInt8] {
        Array((number == 0 ? "\n" : ",\n").utf8)
    }

    private static func tail(_ count: Int) -> [UInt8] {
        Array((count == 0 ? "]\n}\n" : "\n  ]\n}\n").utf8)
    }
}

extension HistoryReading {
    /// Texts up to this size are read whole; of a larger one, the stretch that is needed.
    var wholeTextSize: Int { 8 << 20 }

    /// Some bytes of the file of a message.
    func bytes(_ range: Range<Int>, ofFileOf message: Message) throws(ViewError) -> [UInt8] {
        let layout = MessageFile.layout(of: message)
        let texts = layout.size <= wholeTextSize ? try self.texts(of: message) : nil
        return try layout.bytes(range) { (text, range) throws(ViewError) in
            guard let texts else { return try self.text(text, of: message, range: range)[...] }
            guard text < texts.count, range.upperBound <= texts[text].count else { throw .notFound }
            return texts[text][range]
        }
    }
}
