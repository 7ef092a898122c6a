internal import SessionModel

/// Finds out where the session and the messages stand in an export, without holding it: `info` and the elements of `messages`.
///
/// Takes the file in portions of any size. It looks at brackets, quotes and the outermost keys only; whether the pieces are JSON
/// is for whoever parses them.
package struct ExportScanner {
    /// Where a piece of the file stands, in bytes.
    package private(set) var info: Range<Int>?
    package private(set) var messages: [Range<Int>] = []

    private var position = 0
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// The bytes of the outermost key that was begun last.
    private var key: [UInt8] = []
    private var isInKey = false
    private var state = State.start
    /// The first byte of the value that is being passed, and the byte behind its last.
    private var start = 0
    private var end = 0
    private var seen: Set<[UInt8]> = []

    private enum State {
        case start
        /// In the outermost object, where a key stands.
        case key
        case colon
        /// In the outermost object, in front of a value.
        case beforeValue
        case value
        /// In `messages`, in front of an element, and in one.
        case beforeElement
        case element
        case afterValue
        case finished
    }

    package init() {}

    /// Takes the next portion of the file.
    package mutating func add(_ bytes: ArraySlice<UInt8>) throws(EditError) {
        for byte in bytes {
            try add(byte)
            position += 1
        }
    }

    /// To be called behind the last portion.
    package mutating func finish() throws(EditError) {
        guard state == .finished else {
            throw EditError(
                position == 0 ? "the file is empty" : "the export ends before it is complete", remedy: "export it again"
            )
        }
        guard info != nil else { throw .member("info", "is missing", remedy: "is this what opencode export printed?") }
        guard seen.contains(Self.messagesKey) else { throw .member("messages", "is missing") }
    }

    private static let infoKey = Array("info".utf8)
    private static let messagesKey = Array("messages".utf8)

    private mutating func add(_ byte: UInt8) throws(EditError) {
        if isInString {
            addInString(byte)
            return
        }
        if byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d { return }
        switch state {
        case .start:
            guard byte == UInt8(ascii: "{") else { throw fault() }
            state = .key
        case .key:
            if byte == UInt8(ascii: "}"), seen.isEmpty {
                state = .finished
                return
            }
            guard byte == UInt8(ascii: "\"") else { throw fault() }
            (isInString, isInKey, key) = (true, true, [])
            state = .colon
        case .colon:
            guard byte == UInt8(ascii: ":") else { throw fault() }
            try check(key)
            state = .beforeValue
        case .beforeValue:
            if key == Self.messagesKey {
                guard byte == UInt8(ascii: "[") else { throw .member("messages", "must be an array") }
                state = .beforeElement
            } else {
                try begin(byte, .value)
            }
        case .beforeElement:
            if byte == UInt8(ascii: "]"), messages.isEmpty {
                state = .afterValue
            } else {
                try begin(byte, .element)
            }
        case .value, .element: try pass(byte)
        case .afterValue:
            switch byte {
            case UInt8(ascii: ","): state = .key
            case UInt8(ascii: "}"): state = .finished
            default: throw fault()
            }
        case .finished: throw fault()
        }
    }

    private mutating func addInString(_ byte: UInt8) {
        defer { end = position + 1 }
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            (isInString, isInKey) = (false, false)
            return
        }
        // A longer one is none of ours.
        if isInKey, key.count < 64 { key.append(byte) }
    }

    private mutating func begin(_ byte: UInt8, _ next: State) throws(EditError) {
        guard !",:]}".utf8.contains(byte) else { throw fault() }
        (start, end, depth, state) = (position, position, 0, next)
        try pass(byte)
    }

    /// A byte of a value, or what ends it.
    private mutating func pass(_ byte: UInt8) throws(EditError) {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            if depth == 0 {
                // The bracket is that of what it stands in.
                let closes = state == .element ? UInt8(ascii: "]") : UInt8(ascii: "}")
                guard byte == closes else { throw fault() }
                let isElement = state == .element
                endValue()
                state = isElement ? .afterValue : .finished
                return
            }
            depth -= 1
        case UInt8(ascii: ",") where depth == 0:
            let isElement = state == .element
            endValue()
            state = isElement ? .beforeElement : .key
            return
        case UInt8(ascii: "\""): isInString = true
        default: break
        }
        end = position + 1
    }

    private mutating func endValue() {
        if state == .element {
            messages.append(start..<end)
        } else {
            info = start..<end
        }
    }

    private mutating func check(_ key: [UInt8]) throws(EditError) {
        guard key == Self.infoKey || key == Self.messagesKey else {
            throw EditError(
                "byte \(position): an export has info and messages, and nothing beside them", remedy: "take it out")
        }
        guard seen.insert(key).inserted else { throw .member(String(decoding: key, as: UTF8.self), "is there twice") }
    }

    private func fault() -> EditError {
        EditError("the text stops being an export at byte \(position)", remedy: "export it again", offset: position)
    }
}
