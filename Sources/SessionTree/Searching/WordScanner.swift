/// Cuts text into the words that are searched for, as it goes by. An index and a scan cut alike because both cut here.
///
/// A word is a run of letters, digits and marks of any script, in lower case; `_` and everything else stands between
/// words. Scripts that are written without spaces have a word for each character. A name such as `getUserName` is a word, and
/// `get`, `user` and `name` are its parts: found when they are asked for by themselves. Of longer words the first
/// ``longest`` bytes count.
package struct WordScanner {
    /// What gets the words.
    package protocol Sink {
        /// - Parameters:
        ///   - word: bytes of UTF-8, good until this returns.
        ///   - isPart: whether it is a part of the whole word that comes next.
        ///   - range: where the text has it: bytes from the beginning of all that was taken.
        mutating func take(_ word: borrowing Span<UInt8>, isPart: Bool, at range: Range<Int>)
    }

    /// Bytes of a word that count.
    package static let longest = 64

    /// The word that goes by, in lower case, as far as it counts.
    private var word = InlineArray<64, UInt8>(repeating: 0)
    private var count = 0
    /// Where its parts end but the last.
    private var borders: [Int] = []
    /// Where it began.
    private var start = 0
    private var isInside = false
    /// The last two characters of it, for the borders of parts.
    private var last = Letter.none
    private var beforeLast = Letter.none
    private var position = 0

    private enum Letter {
        case none
        case lower
        case upper
        case other
    }

    package init() {}

    /// Takes a portion; none ends inside a character.
    package mutating func take(_ portion: ArraySlice<UInt8>, _ sink: inout some Sink) {
        let bytes = portion.span
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x80 {
                if !isInside, let end = Self.endOfPlainWord(bytes, from: index) {
                    let word = bytes.extracting(index..<min(end, index + Self.longest))
                    sink.take(word, isPart: false, at: position + index..<position + end)
                    // What ends it is in no word.
                    index = end + 1
                    continue
                }
                add(ascii: byte, at: index, &sink)
                index += 1
                continue
            }
            let scalar = UTF8Sequence.scalar(bytes, at: index)
            let length = scalar.map { UTF8.width($0) } ?? 1
            if let scalar, let kind = WordCharacter(scalar) {
                switch kind {
                case .nothing: break
                case .letter: add(scalar, at: index)
                case .ideograph:
                    end(at: position + index, &sink)
                    add(scalar, at: index)
                    end(at: position + index + length, &sink)
                }
            } else {
                end(at: position + index, &sink)
            }
            index += length
        }
        position += bytes.count
    }

    /// The text is over, or something else begins that no word spans.
    package mutating func finish(_ sink: inout some Sink) {
        end(at: position, &sink)
    }

    /// Where a word ends that begins here and stands in the text as it is handed on: most are in lower case throughout, and so
    /// have no parts. Nil where none begins, and for others.
    @inline(__always)
    private static func endOfPlainWord(_ bytes: borrowing Span<UInt8>, from start: Int) -> Int? {
        var end = start
        while end < bytes.count {
            switch bytes[end] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): end += 1
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x80...: return nil
            default: return end > start ? end : nil
            }
        }
        // It may go on in the next portion.
        return nil
    }

    @inline(__always)
    private mutating func add(ascii byte: UInt8, at index: Int, _ sink: inout some Sink) {
        let letter: Letter
        var folded = byte
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): letter = .lower
        case UInt8(ascii: "0")...UInt8(ascii: "9"): letter = .other
        case UInt8(ascii: "A")...UInt8(ascii: "Z"):
            letter = .upper
            folded |= 0x20
        default:
            if isInside { end(at: position + index, &sink) }
            return
        }
        begin(at: index)
        if letter == .upper, last == .lower || last == .other, count > 0 {
            borders.append(count)
        } else if letter == .lower, last == .upper, beforeLast == .upper {
            borders.append(count - 1)
        }
        (beforeLast, last) = (last, letter)
        append(folded)
    }

    private mutating func add(_ scalar: Unicode.Scalar, at index: Int) {
        begin(at: index)
        (beforeLast, last) = (.none, .none)
        let folded =
            scalar == "ς"
            ? Array("σ".utf8)  // The same letter at the end of a word; in capitals they are one.
            : scalar.properties.changesWhenLowercased
                ? Array(scalar.properties.lowercaseMapping.utf8) : Array(UTF8.encode(scalar) ?? .init())
        guard count + folded.count <= Self.longest else { return }
        for byte in folded { append(byte) }
    }

    @inline(__always)
    private mutating func append(_ byte: UInt8) {
        guard count < Self.longest else { return }
        word[count] = byte
        count += 1
    }

    @inline(__always)
    private mutating func begin(at index: Int) {
        guard !isInside else { return }
        (isInside, start) = (true, position + index)
    }

    private mutating func end(at end: Int, _ sink: inout some Sink) {
        guard isInside else { return }
        hand(to: &sink, at: start..<end)
        count = 0
        if !borders.isEmpty { borders.removeAll(keepingCapacity: true) }
        (last, beforeLast, isInside) = (.none, .none, false)
    }

    @inline(__always)
    private func hand(to sink: inout some Sink, at range: Range<Int>) {
        guard count > 0 else { return }
        let whole = word.span.extracting(first: count)
        if !borders.isEmpty {
            var from = 0
            for number in 0...borders.count {
                let border = number < borders.count ? borders[number] : count
                guard border > from, border <= count else { continue }
                sink.take(whole.extracting(from..<border), isPart: true, at: start + from..<start + border)
                from = border
            }
        }
        sink.take(whole, isPart: false, at: range)
    }
}

/// What a character beyond ASCII is in a word; nil between words.
private enum WordCharacter {
    /// How the character before it is to look, which makes no other word of it: mostly behind emoji.
    case nothing
    case letter
    /// A word by itself: its script has no spaces.
    case ideograph

    init?(_ scalar: Unicode.Scalar) {
        switch scalar.properties.generalCategory {
        case .nonspacingMark where scalar.properties.isVariationSelector: self = .nothing
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .nonspacingMark, .spacingMark:
            self = Self.isUnspaced(scalar.value) ? .ideograph : .letter
        default: return nil
        }
    }

    private static func isUnspaced(_ value: UInt32) -> Bool {
        switch value {
        case 0x0e00...0x0eff, 0x1000...0x109f, 0x1780...0x17ff: true  // Thai, Lao, Burmese, Khmer
        case 0x2e80...0x2fdf, 0x3005...0x312f, 0x31a0...0x31ff: true  // radicals, kana, Bopomofo
        case 0x3400...0x9fff, 0xac00...0xd7af, 0xf900...0xfaff: true  // Han, Hangul
        case 0xff66...0xff9f, 0x1b000...0x1b16f, 0x20000...0x3ffff: true  // kana and Han beyond
        default: false
        }
    }
}
