package import Timing

/// Makes identifiers as OpenCode does: a prefix, `_`, 12 hexadecimal digits of time, 14 characters at random.
///
/// The digits are the low 48 bits of `milliseconds * 4096 + counter`, so they start again every 2^36 ms: the last time
/// on 2026-08-14T11:19:55.136Z. Identifiers made after it sort before those made until then; never order by them.
package struct OpenCodeIDs: Sendable {
    /// What is named; the raw value is the prefix.
    package enum Kind: String, CaseIterable, Sendable {
        case session = "ses"
        case message = "msg"
        case part = "prt"
        case event = "evt"
        case permission = "per"

        /// Sessions count down, so that the newest came first in an index; all others count up.
        package var isDescending: Bool { self == .session }
    }

    private var random: SeededRandom
    private var lastMilliseconds: Int64?
    /// Counts within a millisecond, from 1.
    private var counter: Int64 = 0

    package init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    /// An identifier that nothing else has, for something made at the given moment.
    package mutating func next(_ kind: Kind, at moment: Timestamp) -> String {
        next(kind, atMilliseconds: moment.milliseconds)
    }

    mutating func next(_ kind: Kind, atMilliseconds milliseconds: Int64) -> String {
        counter = milliseconds == lastMilliseconds ? counter &+ 1 : 1
        lastMilliseconds = milliseconds
        var time = UInt64(bitPattern: milliseconds &* 4096 &+ counter)
        if kind.isDescending { time = ~time }

        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        bytes += kind.rawValue.utf8
        bytes.append(UInt8(ascii: "_"))
        for shift in stride(from: UInt64(44), through: 0, by: -4) {
            bytes.append(Self.hexDigits[Int((time >> shift) & 0xf)])
        }
        for _ in 0..<14 { bytes.append(random.pick(Self.base62Digits)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What providers call a tool's run, and OpenCode keeps as `callID`.
    mutating func nextCall() -> String {
        var bytes = Array("call_".utf8)
        for _ in 0..<24 { bytes.append(random.pick(Self.base62Digits)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What the Go OpenCode calls sessions and messages: 32 hexadecimal digits in five groups (RFC 9562, version 4).
    package mutating func nextUUID() -> String {
        var bytes: [UInt8] = []
        for index in 0..<32 {
            if [8, 12, 16, 20].contains(index) { bytes.append(UInt8(ascii: "-")) }
            switch index {
            case 12: bytes.append(UInt8(ascii: "4"))
            case 16: bytes.append(random.pick(Array("89ab".utf8)))
            default: bytes.append(random.pick(Self.hexDigits))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// 40 hexadecimal digits, as git names a commit or a tree.
    mutating func nextHash() -> String {
        var bytes: [UInt8] = []
        for _ in 0..<40 { bytes.append(random.pick(Self.hexDigits)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)
    private static let base62Digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
}
