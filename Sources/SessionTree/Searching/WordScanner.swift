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

    /// The word that goes by, in lower case.
    private var word: [UInt8] = []
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

    package init() {
        word.reserveCapacity(Self.longest)
    }

    /// Takes a portion; none ends inside a character.
    package mutating func take(_ portion: ArraySlice<UInt8>, _ sink: inout some Sink) {
        let bytes = portion.span
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x80 {
                add(ascii: byte, at: index, &sink)
                index += 1
                continue
            }
            let scalar = UTF8Sequence.scalar(bytes, at: index)
            let length = scalar.map { UTF8.width($0) } ?? 1
            if let scalar, let kind = WordCharacter(scalar) {
                switch kind {
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
        if letter == .upper, last == .lower || last == .other, !word.isEmpty {
            borders.append(word.count)
        } else if letter == .lower, last == .upper, beforeLast == .upper {
            borders.append(word.count - 1)
        }
        (beforeLast, last) = (last, letter)
        if word.count < Self.longest { word.append(folded) }
    }

    private mutating func add(_ scalar: Unicode.Scalar, at index: Int) {
        begin(at: index)
        (beforeLast, last) = (.none, .none)
        let folded =
            scalar.properties.changesWhenLowercased
            ? Array(scalar.properties.lowercaseMapping.utf8) : Array(UTF8.encode(scalar) ?? .init())
        if word.count + folded.count <= Self.longest { word += folded }
    }

    @inline(__always)
    private mutating func begin(at index: Int) {
        guard !isInside else { return }
        (isInside, start) = (true, position + index)
    }

    private mutating func end(at end: Int, _ sink: inout some Sink) {
        guard isInside else { return }
        hand(to: &sink, at: start..<end)
        word.removeAll(keepingCapacity: true)
        borders.removeAll(keepingCapacity: true)
        (last, beforeLast, isInside) = (.none, .none, false)
    }

    @inline(__always)
    private func hand(to sink: inout some Sink, at range: Range<Int>) {
        guard !word.isEmpty else { return }
        let span = word.span
        if !borders.isEmpty {
            var from = 0
            for border in borders + [word.count] where border > from && border <= word.count {
                sink.take(span.extracting(from..<border), isPart: true, at: start + from..<start + border)
                from = border
            }
        }
        sink.take(span, isPart: false, at: range)
    }
}

/// What a character beyond ASCII is in a word; nil between words.
private enum WordCharacter {
    case letter
    /// A word by itself: its script has no spaces.
    case ideograph

    init?(_ scalar: Unicode.Scalar) {
        switch scalar.properties.generalCategory {
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
