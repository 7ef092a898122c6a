import SessionModel
import TestSupport
import Testing
import VFS

@testable import SessionTree

@Suite struct EscapedIDTests {
    private func escaped(_ id: Message.ID, room: Int = 255) -> String {
        String(decoding: EscapedID(id, room: room).bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("msg_0a1B", "msg_0a1B"), ("a/b", "a%2Fb"), ("100%", "100%25"), ("a~b", "a%7Eb"), (".", "%2E"), ("..", "%2E."),
        (".git", "%2Egit"), ("a.b", "a.b"), ("a\nb\t", "a%0Ab%09"), ("\0", "%00"), ("\u{7f}", "%7F"),
        ("\u{85}", "%C2%85"), ("\u{a0}", "\u{a0}"), ("é\u{301}😀", "é\u{301}😀"), ("My-App", "My-App"), (" ", " "),
        ("%2F", "%252F"), ("%empty", "%25empty"), ("%xab", "%25xab"), ("%-0123456789abcdef", "%25-0123456789abcdef"),
        ("", "%empty"), ("a\\b*?\"", "a\\b*?\""),
    ])
    func `N4 what may not stand in a name is escaped`(id: String, expected: String) {
        #expect(escaped(Message.ID(id)) == expected)
        #expect(EscapedID(bytes: expected.utf8).decoded(as: Message.self) == Message.ID(id))
    }

    @Test(
        arguments: [
            ([0xff], "%FF"), ([0x61, 0xc3], "a%C3"), ([0xc3, 0x28], "%C3("), ([0xe2, 0x82], "%E2%82"),
            ([0xed, 0xa0, 0x80], "%ED%A0%80"), ([0xf4, 0x90, 0x80, 0x80], "%F4%90%80%80"), ([0xc0, 0xaf], "%C0%AF"),
            ([0xc3, 0xa9, 0xa9], "é%A9"),
        ] as [([UInt8], String)])
    func `N4 bytes that are no UTF-8 are escaped one by one`(bytes: [UInt8], expected: String) {
        #expect(escaped(Message.ID(bytes: bytes)) == expected)
        #expect(EscapedID(bytes: expected.utf8).decoded(as: Message.self)?.bytes == bytes)
    }

    @Test(arguments: [([], "%x%empty"), ([0x61], "%xa"), ([0, 0xff], "%x%00%FF")] as [([UInt8], String)])
    func `N4 a blob is told from a text of the same bytes`(bytes: [UInt8], expected: String) {
        #expect(escaped(Message.ID(bytes: bytes, isBlob: true)) == expected)
        #expect(EscapedID(bytes: expected.utf8).decoded(as: Message.self) == Message.ID(bytes: bytes, isBlob: true))
    }

    @Test(arguments: ["%", "%4", "%zz", "%2f", "a%", "%x%", "%-0", "%+1"])
    func `N4 what is no spelling of an id leads to none`(text: String) {
        #expect(EscapedID(bytes: text.utf8).decoded(as: Message.self) == nil)
    }

    @Test func `N4 a reserved name is escaped at its first byte and leads back`() {
        let reserved: Set = [Array("archived".utf8)]
        for isBlob in [false, true] {
            let id = Session.ID(bytes: Array("archived".utf8), isBlob: isBlob)
            let name = EscapedID(id, reserved: reserved, room: 255)
            #expect(name.bytes == Array(((isBlob ? "%x" : "") + "%61rchived").utf8))
            #expect(name.decoded() == id)
        }
        #expect(EscapedID(Session.ID("archive"), reserved: reserved, room: 255).bytes == Array("archive".utf8))
    }

    @Test(arguments: [300, 5000, 256]) func `N4 an id that is too long is cut and marked`(count: Int) {
        for (piece, room) in [("x", 255), ("é", 255), ("😀", 250), ("/", 255), ("\u{85}", 254), ("a/é", 255)] {
            let id = Message.ID(String(repeating: piece, count: count))
            let name = EscapedID(id, room: room)
            #expect(name.isCut)
            #expect((room - 12 + 1...room).contains(name.bytes.count))
            #expect(String(validating: name.bytes, as: UTF8.self) != nil)
            #expect(name.decoded(as: Message.self) == nil)
            let other = EscapedID(Message.ID(String(repeating: piece, count: count) + "y"), room: room)
            #expect(other.bytes.dropLast(16) == name.bytes.dropLast(16))
            #expect(other != name)
        }
        let text = Message.ID(bytes: [UInt8](repeating: 0x78, count: count))
        let blob = Message.ID(bytes: [UInt8](repeating: 0x78, count: count), isBlob: true)
        #expect(EscapedID(text, room: 255).bytes.suffix(16) != EscapedID(blob, room: 255).bytes.suffix(16))
    }

    @Test func `N4 the mark is the beginning of the SHA-256`() {
        // printf '%0300d' 0 | sha256sum
        let name = escaped(Message.ID(String(repeating: "0", count: 300)), room: 40)
        #expect(name == String(repeating: "0", count: 22) + "%-" + "b384feb94474000a")
    }
}
