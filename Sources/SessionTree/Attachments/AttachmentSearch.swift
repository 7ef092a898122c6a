internal import SessionModel
internal import VFS

/// What was found of a file in a text.
struct FoundAttachment {
    /// What holds it.
    let string: ScannedString
    /// As the message says it, or its data: URL.
    let mime: [UInt8]?
    /// Where the message says it.
    let mimeString: Range<Int>?
    let fileName: [UInt8]?
    /// The digits, where the string is plain base64, or a data: URL of such.
    let digits: Range<Int>?

    /// What the file is called (rule R9): V1 by the part that holds it, and by its own name where it has one; V2 and Go by
    /// the message, its number in it, and its kind.
    ///
    /// - Parameter hasFellows: whether its text has more of them.
    func name(_ number: Int, hasFellows: Bool, _ shape: AttachmentShape, _ message: Message.ID) -> FileName {
        let ending = Self.ending(of: fileName) ?? Self.ending(ofMIME: mime ?? [])
        switch shape {
        case .part(let part):
            let own = fileName.flatMap { $0.split(separator: UInt8(ascii: "/")).last }.map { Self.shortened(Array($0)) }
            let rest = own ?? ending
            let isNumbered = number > 0 || (hasFellows && Self.beginsWithNumber(rest))
            return Self.name(part, isNumbered ? Array("\(number).".utf8) + rest : rest)
        case .typed, .row: return Self.name(message, Array("\(number).".utf8) + ending)
        }
    }

    /// The id, without dots of its own so that no two names meet, a dot and the rest.
    private static func name<Entity>(_ id: Identifier<Entity>, _ rest: [UInt8]) -> FileName {
        let room = FileName.maximumLength - rest.count - 1
        let escaped = EscapedID(id, room: room / 3 * 3).bytes.flatMap { byte in
            byte == UInt8(ascii: ".") ? Array("%2E".utf8) : [byte]
        }
        let fitting = escaped.count <= room ? escaped : EscapedID(id, room: room / 3).bytes.filter { $0 != 0x2e }
        return FileName(bytes: fitting + [UInt8(ascii: ".")] + rest) ?? FileName("%invalid")
    }

    /// A file's own name, escaped, and cut before its ending.
    private static func shortened(_ name: [UInt8]) -> [UInt8] {
        let escaped = EscapedID.escape(name)
        guard escaped.count > longestName else { return escaped }
        let ending = ending(of: name).map { [UInt8(ascii: ".")] + $0 } ?? []
        return Array(EscapedID.cut(escaped, to: longestName - ending.count)) + ending
    }

    private static let longestName = 120

    /// Whether a name could be that of a numbered one.
    private static func beginsWithNumber(_ name: [UInt8]) -> Bool {
        let digits = name.prefix { (0x30...0x39).contains($0) }
        return !digits.isEmpty && name.dropFirst(digits.count).first == UInt8(ascii: ".")
    }

    /// `png` of `screenshot.png`.
    private static func ending(of name: [UInt8]?) -> [UInt8]? {
        guard let name, let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return nil }
        let ending = name[(dot + 1)...]
        let isPlain = ending.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
        }
        return (1...10).contains(ending.count) && isPlain ? Array(ending) : nil
    }

    private static func ending(ofMIME mime: [UInt8]) -> [UInt8] {
        Array((endings[String(decoding: mime, as: UTF8.self)] ?? "bin").utf8)
    }

    /// What files of the kinds that models take are called (the media types of IANA).
    private static let endings = [
        "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/svg+xml": "svg",
        "image/bmp": "bmp", "image/avif": "avif", "image/heic": "heic", "image/tiff": "tiff", "application/pdf": "pdf",
        "text/plain": "txt", "text/markdown": "md", "text/html": "html", "text/css": "css", "text/csv": "csv",
        "text/xml": "xml", "application/xml": "xml", "application/json": "json", "application/zip": "zip",
        "application/gzip": "gz", "audio/mpeg": "mp3", "audio/wav": "wav", "audio/ogg": "ogg", "video/mp4": "mp4",
        "video/webm": "webm", "application/javascript": "js", "text/javascript": "js",
    ]
}

/// Finds files in a text while it goes by.
struct AttachmentSearch: TextListener {
    private enum Step: Equatable {
        case key([UInt8])
        case index(Int)
        /// Neither: where an object awaits its first key.
        case none
    }

    private struct Frame {
        let isObject: Bool
        var step: Step
        /// Strings of the object that tell of a file, by their keys.
        var strings: [String: ScannedString] = [:]
    }

    private let shape: AttachmentShape
    private var frames: [Frame] = []
    private(set) var found: [FoundAttachment] = []

    init(_ shape: AttachmentShape) {
        self.shape = shape
    }

    private static let telling: Set<String> = [
        "type", "mime", "filename", "name", "url", "uri", "data", "content", "Path", "MIMEType", "Data",
    ]

    mutating func open(isObject: Bool) {
        count()
        frames.append(Frame(isObject: isObject, step: isObject ? .none : .index(-1)))
    }

    mutating func key(_ key: ScannedString) {
        guard let last = frames.indices.last else { return }
        frames[last].step = key.text.map { .key($0) } ?? .none
    }

    mutating func end(_ string: ScannedString) {
        count()
        guard let last = frames.indices.last, frames[last].isObject, case .key(let key) = frames[last].step else {
            return
        }
        let name = String(decoding: key, as: UTF8.self)
        // The last of several counts, as it does for JSON.parse.
        if Self.telling.contains(name) { frames[last].strings[name] = string }
    }

    mutating func scalar() {
        count()
    }

    mutating func close() {
        guard let frame = frames.last else { return }
        if frame.isObject, !frame.strings.isEmpty { note(frame.strings) }
        frames.removeLast()
    }

    /// A value begins: one more of those in its array.
    private mutating func count() {
        guard let last = frames.indices.last, case .index(let index) = frames[last].step else { return }
        frames[last].step = .index(index + 1)
    }

    /// What may hold a file.
    private static let holders: Set<String> = ["url", "uri", "data", "content", "Data"]

    /// Keys, and `*` for elements of arrays, that lead to the innermost object.
    private var path: String {
        frames.dropLast().map { frame in
            switch frame.step {
            case .key(let key): String(decoding: key, as: UTF8.self)
            case .index: "*"
            case .none: "?"
            }
        }.joined(separator: "/")
    }

    /// Notes the file that an object is, if it is one.
    private mutating func note(_ strings: [String: ScannedString]) {
        func text(_ key: String) -> [UInt8]? { strings[key]?.text }
        func isType(_ type: String) -> Bool { text("type")?.elementsEqual(type.utf8) == true }
        switch (shape, path) {
        case (.part, ""), (.part, "state/attachments/*"):
            guard isType("file") else { return }
            add(strings["url"], mime: strings["mime"], name: text("filename"), isURL: true)
        case (.typed, "files/*"):
            add(
                strings["data"] ?? strings["uri"], mime: strings["mime"], name: text("name") ?? text("filename"),
                isURL: false)
        case (.typed, "content/*/state/content/*"):
            guard isType("file") else { return }
            add(strings["uri"], mime: strings["mime"], name: text("name") ?? text("filename"), isURL: true)
        case (.row, "*/data"):
            // The part's type may stand behind its data: what they hold tells them apart.
            if let data = strings["Data"] {
                add(data, mime: strings["MIMEType"], name: text("Path"), isURL: false)
            } else {
                add(strings["url"] ?? strings["content"], mime: nil, name: nil, isURL: true)
            }
        default: return
        }
    }

    /// - Parameter isURL: whether base64 alone is nothing here.
    private mutating func add(_ string: ScannedString?, mime: ScannedString?, name: [UInt8]?, isURL: Bool) {
        guard let string, !string.range.isEmpty else { return }
        let header = DataHeader(string.beginning)
        guard header != nil || !isURL else { return }
        let start = string.range.lowerBound + (header?.count ?? 0)
        let count = string.range.upperBound - string.padding - start
        let isPlain =
            (header?.isBase64 ?? true) && string.plainFrom <= start && count > 0
            && Base64.isWhole(digits: count, padding: string.padding)
        found.append(
            FoundAttachment(
                string: string, mime: mime?.text ?? header?.mime, mimeString: mime?.range, fileName: name,
                digits: isPlain ? start..<start + count : nil))
    }
}
