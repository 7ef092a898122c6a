internal import SessionModel

/// A string in a text, described while it went by.
struct ScannedString {
    /// The bytes between the quotes.
    var range: Range<Int>
    /// How it begins, up to ``TextScan/kept`` bytes, as it stands in the text.
    var beginning: [UInt8] = []
    /// The byte behind the last one that is neither a digit of base64 nor padding at the end.
    var plainFrom: Int
    /// `=` at the end.
    var padding = 0

    fileprivate init(from start: Int) {
        range = start..<start
        plainFrom = start
    }

    /// The text it stands for, if it was kept whole.
    var text: [UInt8]? {
        beginning.count == range.count ? JSONText.decoded(beginning[...]) : nil
    }
}

/// What hears of the values of a text as they go by.
protocol TextListener {
    mutating func open(isObject: Bool)
    mutating func key(_ key: ScannedString)
    /// A string that is a value has ended.
    mutating func end(_ string: ScannedString)
    /// A number, true, false or null.
    mutating func scalar()
    mutating func close()
}

/// Goes through a JSON text of any size in windows, in constant memory.
///
/// It takes the text for JSON and looks at its structure alone: what is none ends the walk, or goes by as it comes.
struct TextScan {
    /// Bytes taken at a time.
    static let window = 1 << 20
    /// Bytes of a string that are kept.
    static let kept = DataHeader.longest

    private var position = 0
    /// The string that is going by.
    private var current: ScannedString?
    private var isEscaped = false
    /// Whether each open bracket is an object's.
    private var open: [Bool] = []
    /// Whether the next string is a key.
    private var awaitsKey = false
    private var isInScalar = false

    /// - Returns: false when there is nothing more to hear.
    mutating func take(_ bytes: [UInt8], _ listener: inout some TextListener) -> Bool {
        var index = 0
        while index < bytes.count {
            if let string = current {
                // Nothing else may hold what is kept of it, or each byte copies that.
                current = nil
                index = take(string, bytes, from: index, &listener)
            } else {
                guard takeMark(bytes[index], at: position + index, &listener) else { return false }
                index += 1
            }
        }
        position += bytes.count
        return true
    }

    /// Goes on in a string; the index behind what it took.
    private mutating func take(
        _ known: ScannedString, _ bytes: [UInt8], from start: Int, _ listener: inout some TextListener
    ) -> Int {
        var string = known
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            let kind = Base64.classes[Int(byte)]
            if kind == .quote, !isEscaped {
                string.range = string.range.lowerBound..<position + index
                finish(string, &listener)
                return index + 1
            }
            index += 1
            if string.beginning.count < Self.kept { string.beginning.append(byte) }
            if isEscaped {
                isEscaped = false
                (string.plainFrom, string.padding) = (position + index, 0)
                continue
            }
            switch kind {
            case .digit:
                // Padding that something follows is none.
                if string.padding > 0 { (string.plainFrom, string.padding) = (position + index - 1, 0) }
            case .padding: string.padding += 1
            case .backslash:
                isEscaped = true
                (string.plainFrom, string.padding) = (position + index, 0)
            case .other, .control, .quote: (string.plainFrom, string.padding) = (position + index, 0)
            }
        }
        string.range = string.range.lowerBound..<position + index
        current = string
        return index
    }

    private mutating func finish(_ string: ScannedString, _ listener: inout some TextListener) {
        if awaitsKey {
            awaitsKey = false
            listener.key(string)
        } else {
            listener.end(string)
        }
    }

    /// Takes a byte outside of strings; false where no JSON text has it.
    private mutating func takeMark(_ byte: UInt8, at offset: Int, _ listener: inout some TextListener) -> Bool {
        let wasInScalar = isInScalar
        isInScalar = false
        switch byte {
        case UInt8(ascii: "\""): current = ScannedString(from: offset + 1)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let isObject = byte == UInt8(ascii: "{")
            guard open.count < JSON.maximumDepth else { return false }
            open.append(isObject)
            awaitsKey = isObject
            listener.open(isObject: isObject)
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            guard open.popLast() == (byte == UInt8(ascii: "}")) else { return false }
            awaitsKey = false
            listener.close()
        case UInt8(ascii: ","): awaitsKey = open.last == true
        case UInt8(ascii: ":"), 0x20, 0x0a, 0x0d, 0x09: break
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"),
            UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "E"):
            isInScalar = true
            if !wasInScalar { listener.scalar() }
        default: return false
        }
        return true
    }
}
