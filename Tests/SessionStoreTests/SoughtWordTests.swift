import SQL
import SessionModel
import SessionStore
import TestSupport
import Testing

/// Which messages a database says may hold a word.
@Suite struct SoughtWordTests {
    private static let texts: [(id: String, text: [UInt8])] = [
        ("m1", Array(#"{"role":"user","text":"a bundle of reeds"}"#.utf8)),
        ("m2", Array(#"{"role":"user","text":"nothing"}"#.utf8)),
        ("m3", Array(#"{"role":"user","text":"A BUNDLE"}"#.utf8)),
        ("m4-bundle", Array("{}".utf8)),
        // JSON writes this id in another way than it is, so nothing is said of it.
        ("m5\"", Array("{}".utf8)),
        ("m6", Array("plain 東京 text".utf8)),
        ("m7", Array(#"{"text":"bund","more":"le"}"#.utf8)),
    ]

    private static func history(_ store: StoreUnderTest, in directory: borrowing TemporaryDirectory) throws
        -> TestHistory
    {
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        try history.addSession(SQLValue("empty"))
        for (number, (id, text)) in texts.enumerated() {
            // V1: in a part.
            let isParted = store.generation == .v1
            try history.addMessage(
                SQLValue(id), of: SQLValue("s"), number: Int64(number), data: isParted ? SQLValue("{}") : .text(text),
                parts: isParted ? [(SQLValue("p\(number)"), .text(text))] : [])
        }
        return history
    }

    private static func found(_ word: String, isFolding: Bool = false, in history: TestHistory) throws -> [String]? {
        let word = try #require(SoughtWord(Array(word.utf8), isFolding: isFolding))
        return try history.read { (snapshot) throws(StoreError) in try snapshot.messages(thatMayHold: [word]) }
            .map { found in Set(found.map { $0.id.description }).sorted() }
    }

    @Test(arguments: StoreUnderTest.all) func `messages that may hold a word are told, and no others`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try Self.history(store, in: directory)
        let odd = try #require(Self.texts.map(\.id).first { $0.hasSuffix("\"") })
        #expect(try Self.found("bundle", in: history) == ["m1", "m4-bundle", odd].sorted())
        #expect(try Self.found("東京", in: history) == [odd, "m6"].sorted())
        #expect(try Self.found("no such word", in: history) == [odd])
        // What a server makes of case is its collation's: it is asked nothing.
        let all = Self.texts.map(\.id).sorted()
        #expect(
            try Self.found("BUNDLE", isFolding: true, in: history)
                == (store.family == .team ? all : ["m1", "m3", "m4-bundle", odd].sorted()))
    }

    @Test(arguments: StoreUnderTest.all) func `a word is found wherever it stands in a long text`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try TestHistory(store, in: directory)
        try history.addSession(SQLValue("s"))
        // Texts are read piece by piece, of 256 KiB and a little more.
        let places = [0, 1, 262_130, 262_139, 262_140, 262_143, 262_144, 262_150, 524_287, 599_993]
        for (number, place) in places.enumerated() {
            var text = [UInt8](repeating: UInt8(ascii: "n"), count: 600_000)
            text.replaceSubrange(place..<place + 7, with: "Needle\0".utf8)
            if number == 0 { text[599_999] = 0xff }
            let isParted = store.generation == .v1
            try history.addMessage(
                SQLValue("m\(number)"), of: SQLValue("s"), number: Int64(number),
                data: isParted ? SQLValue("{}") : Self.stored(text, store),
                parts: isParted ? [(SQLValue("p\(number)"), Self.stored(text, store))] : [])
        }
        let all = places.indices.map { "m\($0)" }
        #expect(try Self.found("Needle", in: history) == all)
        #expect(try Self.found("Needleless", in: history) == [])
        #expect(try Self.found("nEEDLe", isFolding: true, in: history) == all)
        let words = try ["no such", "edle"].map { try #require(SoughtWord(Array($0.utf8), isFolding: false)) }
        let found = try history.read { (snapshot) throws(StoreError) in try snapshot.messages(thatMayHold: words) }
        #expect(Set(found?.map { $0.id.description } ?? []).sorted() == all)
    }

    /// A server takes no text that is none.
    private static func stored(_ text: [UInt8], _ store: StoreUnderTest) -> SQLValue {
        .text(store.family == .team ? text.map { $0 == 0xff ? UInt8(ascii: "x") : $0 } : text)
    }

    @Test(arguments: [StoreUnderTest.go, .team]) func `a word that is part of a column's name tells nothing`(
        store: StoreUnderTest
    ) throws {
        let directory = try TemporaryDirectory()
        let history = try Self.history(store, in: directory)
        #expect(try Self.found("created_", in: history) == nil)
    }

    @Test func `what is in every file, or in numbers, is no word`() {
        for word in ["", "essage", "ID", "12", "1e5", "\"a", "a,b", "a\nb", "nul"] {
            #expect(SoughtWord(Array(word.utf8), isFolding: false) == nil, "\(word)")
        }
        #expect(SoughtWord([0xff], isFolding: false) == nil)
        #expect(SoughtWord(Array("é".utf8), isFolding: true) == nil)
    }
}
