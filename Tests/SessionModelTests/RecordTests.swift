import SessionModel
import Testing

@Suite struct RecordTests {
    private let record = Record([
        "whole": .integer(7), "real": .real(2.75), "negative": .real(-2.75), "huge": .real(1e300), "nan": .real(.nan),
        "text": .text(Array("9".utf8)),
    ])

    @Test(
        arguments: [
            ("whole", 7), ("real", 2), ("negative", -2), ("huge", nil), ("nan", nil), ("text", nil), ("no", nil),
        ]
            as [(String, Int64?)])
    func `a column is a whole number where it can be one`(column: String, expected: Int64?) {
        #expect(record.integer(column) == expected)
    }

    @Test(arguments: [("whole", "7"), ("real", "2.75"), ("text", "9"), ("no", nil)] as [(String, String?)])
    func `a column is text where it is there`(column: String, expected: String?) {
        #expect(record.text(column) == expected.map { Array($0.utf8) })
        #expect((record[column] == nil) == (expected == nil))
    }
}

@Suite struct IdentifierTests {
    @Test func `identifiers are equal when every byte and the type of the column are`() {
        #expect(Message.ID("é") == Message.ID(bytes: [0xc3, 0xa9]))
        #expect(Message.ID("\u{e9}") != Message.ID("e\u{301}"))
        #expect(Message.ID(bytes: [0x61]) != Message.ID(bytes: [0x61], isBlob: true))
        #expect(Message.ID(bytes: [0xff, 0x61]).description == "\u{fffd}a")
    }

    @Test func `identifiers are ordered by bytes, blobs last, as SQLite does`() {
        let ids = [Message.ID(bytes: [0x41], isBlob: true), Message.ID("b"), Message.ID(""), Message.ID("B")]
        #expect(ids.sorted().map(\.description) == ["", "B", "b", "A"])
    }
}
