import Foundation
import SessionModel
import TestSupport
import Testing

@testable import SessionTree

/// The language of searches (rules Q1 and Q5).
@Suite struct SearchQueryTests {
    /// A message of one text, and what it answers to queries.
    private static func finds(_ query: String, _ text: String, _ facts: SearchFacts = Self.facts) throws -> Bool {
        let query = try SearchQuery(parsing: Array(query.utf8))
        var (scanner, matcher) = (WordScanner(), SearchMatcher(query))
        matcher.begin(.text)
        scanner.take(Array(text.utf8)[...], &matcher)
        scanner.finish(&matcher)
        return query.match(matcher.findings(query, facts)).truth == .yes
    }

    private static let facts = SearchFacts(
        project: [Array("p_1".utf8), Array("/home/u/WebShop".utf8)], role: Array("user".utf8),
        model: Array("claude-opus-4-5".utf8), moment: 1_795_000_000_000)

    @Test(arguments: [
        ("rate", true), ("RATE limit", true), ("rate lim", false), ("rate lim*", true), ("limit rate", true),
        ("\"rate limit\"", true), ("\"limit rate\"", false), ("\"the rate lim\"*", true), ("\"the rate lim*\"", true),
        ("\"the rate lim\"", false), ("\"the rate lim *\"", false), ("rate AND zebra", false),
        ("rate OR zebra", true), ("zebra OR", nil), ("rate NOT zebra", true), ("rate NOT limit", false),
        ("NOT zebra", true), ("-zebra rate", true), ("(zebra OR rate) limit", true), ("zebra OR rate limit", true),
        ("NOT (zebra OR limit)", false), ("getUserName", true), ("getusername", true), ("user", true), ("use*", true),
        ("\"user name\"", false), ("max_retries", true), ("\"max retries\"", true), ("retries", true),
        ("src/main.swift", true), ("utf8", true), ("8", false), ("größe", true), ("GRÖSSE", false), ("检索", true),
        ("索检", false), ("全文", true), ("and", false), ("or rate", false),
    ])
    func `Q1 words, phrases, prefixes and operators mean what they say`(query: String, expected: Bool?) throws {
        let text = "The RATE limit of getUserName is max_retries; see src/main.swift in UTF8, Größe, 全文检索."
        guard let expected else {
            #expect(throws: SearchQueryError.self) { try Self.finds(query, text) }
            return
        }
        #expect(try Self.finds(query, text) == expected)
    }

    @Test(arguments: [
        ("project:webshop", true), ("PROJECT:WEBSHOP Role:USER", true), ("Role:assistant", false),
        ("project:p_1", true), ("project:other", false), ("project:\"web\"", true),
        ("role:user", true), ("role:assistant", false), ("model:opus", true), ("model:gpt", false),
        ("NOT role:assistant", true), ("rate role:user", true), ("zebra OR role:user", true),
        ("since:2026-11-18", true), ("since:2026-11-19", false), ("until:2026-11-18", true),
        ("until:2026-11-17", false),
        ("since:2026 until:2026", true), ("until:2028-02-29", true), ("until:2026-11", true), ("since:2026-12", false),
    ])
    func `Q1 filters look at what a message is`(query: String, expected: Bool) throws {
        // 2026-11-18 in every time zone that a machine of ours has.
        #expect(try Self.finds(query, "rate limit") == expected)
    }

    @Test(arguments: [
        ("", 1, "there is nothing to search for"), ("   ", 4, "there is nothing to search for"),
        ("foo (bar", 5, "this ( is not closed"), ("foo) bar", 4, "there is no ( for this )"),
        ("foo \"bar", 5, "this \" is not closed"), ("foo AND", 8, "something to search for is missing"),
        ("OR foo", 1, "something to search for is missing"),
        ("größe AND OR x", 11, "something to search for is missing"),
        ("a =>", 3, "there is no letter and no digit in this"), ("()", 2, "something to search for is missing"),
        ("role:king x", 6, "role: is followed by none of user, assistant, system, tool, event"),
        ("x since:yesterday", 9, "since: is followed by no date such as 2026-11-18 or 2026-11-18T10:15"),
        ("until:2026-13", 7, "until: is followed by no date such as 2026-11-18 or 2026-11-18T10:15"),
        ("since:2026-02-29", 7, "since: is followed by no date such as 2026-11-18 or 2026-11-18T10:15"),
        ("project:", 9, "project: is followed by nothing"),
    ])
    func `Q5 a query that is none says where and why`(query: String, position: Int, reason: String) {
        #expect(throws: SearchQueryError(position: position, reason: reason)) {
            try SearchQuery(parsing: Array(query.utf8))
        }
    }

    @Test(arguments: UInt64(1)...200)
    func `Q5 no bytes of a query are a trap`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("ab \"()*-:ANDORNOT role:since:2026é検\u{0}\n".utf8) + [0xff, 0xc3]
        let text = random.bytes(0...60, of: alphabet)
        do {
            let query = try SearchQuery(parsing: text)
            #expect(!query.leaves.isEmpty)
        } catch {
            #expect(error.position >= 1 && error.position <= text.count + 1)
        }
    }

    @Test func `Q5 a query cannot fill the stack`() {
        #expect(throws: SearchQueryError.self) {
            try SearchQuery(parsing: Array((String(repeating: "(", count: 100_000) + "x").utf8))
        }
        #expect(throws: SearchQueryError.self) {
            try SearchQuery(parsing: Array((String(repeating: "NOT ", count: 100_000) + "x").utf8))
        }
    }

    @Test(arguments: UInt64(1)...60)
    func `Q2 words are cut alike however the text comes`(seed: UInt64) {
        struct Collector: WordScanner.Sink {
            var words: [String] = []

            mutating func take(_ word: borrowing Span<UInt8>, isPart: Bool, at range: Range<Int>) {
                var bytes: [UInt8] = []
                for index in word.indices { bytes.append(word[index]) }
                words.append("\(isPart ? "part " : "")\(String(decoding: bytes, as: UTF8.self)) \(range)")
            }
        }
        var random = SeededGenerator(seed: seed)
        let characters = Array("abcXYZ019_-. é検索ßЖ\u{301}가")
        let text = (0..<200).map { _ in characters[Int.random(in: characters.indices, using: &random)] }
        var (whole, wholeWords) = (WordScanner(), Collector())
        whole.take(Array(String(text).utf8)[...], &wholeWords)
        whole.finish(&wholeWords)
        var (pieces, words) = (WordScanner(), Collector())
        for character in String(text).unicodeScalars { pieces.take(Array(String(character).utf8)[...], &words) }
        pieces.finish(&words)
        #expect(wholeWords.words == words.words)
    }

    @Test(arguments: [
        ("warning", "\u{26a0}\u{fe0f}Warning"), ("\"a b\"", "a \u{2764}\u{fe0f} b"), ("1", "1\u{fe0f}\u{20e3}"),
        ("葛城", "葛\u{e0100}城"), ("heart", "\u{2764}\u{fe0f} heart"), ("ΟΔΟΣ", "οδος"), ("οδος", "ΟΔΟΣ"),
    ])
    func `Q2 how a character is to look makes no other word of it`(query: String, text: String) throws {
        #expect(try Self.finds(query, text))
        #expect(throws: SearchQueryError.self) { try Self.finds("\u{2764}\u{fe0f}", text) }
    }

    @Test func `Q2 a long word counts by its beginning`() throws {
        let long = String(repeating: "a1b2", count: 1000)
        #expect(try Self.finds(long, "x \(long) y"))
        #expect(try Self.finds("a1b2*", long))
        #expect(try !Self.finds("a1b2", long))
    }

    @Test func `Q3 titles rank before text, text before tools, and then the newest`() {
        func hit(_ message: String?, _ field: SearchField, _ moment: Int64) -> SearchHit {
            SearchHit(session: .init("s"), message: message.map { .init($0) }, field: field, moment: moment)
        }
        let order = [
            hit(nil, .title, 1), hit("c", .text, 9), hit("a", .text, 5), hit("b", .text, 5), hit("d", .reasoning, 99),
            hit("e", .input, 7), hit("f", .output, 100),
        ]
        #expect(order.reversed().sorted(by: SearchHit.ranksBefore) == order)
    }

    @Test func `Q3 all of a query counts for the place of a result`() throws {
        let query = try SearchQuery(parsing: Array("one two".utf8))
        let texts = [("one two", "one"), ("one", "two")]
        var fields: [SearchField] = []
        for (text, output) in texts {
            var matcher = SearchMatcher(query)
            for (field, words) in [(SearchField.text, text), (.output, output)] {
                var scanner = WordScanner()
                matcher.begin(field)
                scanner.take(Array(words.utf8)[...], &matcher)
                scanner.finish(&matcher)
            }
            fields.append(query.match(matcher.findings(query, Self.facts)).field)
        }
        #expect(fields == [.text, .output])
    }
}

/// What is shown of what was found (rule Q7).
@Suite struct SearchSnippetTests {
    @Test func `Q7 a snippet shows what was found, and obeys no terminal`() throws {
        let conversation = ToldConversation(.v1)
        let text = String(repeating: "before ", count: 40) + #"\u001b[31mred\nneedle and the needle "# + "é"
        conversation.tell(
            "msg_1", "user", #"{"role":"user"}"#,
            parts: [
                #"{"type":"text","text":"\#(text)"}"#,
                #"{"type":"tool","tool":"bash","state":{"input":{"command":"cat\nneedle"},"output":"no"}}"#,
            ])
        let query = try SearchQuery(parsing: Array("needle".utf8))
        let snippets = try query.snippets(of: conversation.told[0].message, in: conversation, limit: 5)
        #expect(snippets.map(\.field) == [.text, .input])
        for snippet in snippets {
            #expect(snippet.text.allSatisfy { $0 >= 0x20 && $0 != 0x7f })
            #expect(String(validating: snippet.text, as: UTF8.self) != nil)
            #expect(!snippet.marks.isEmpty)
            #expect(snippet.marks.allSatisfy { String(decoding: snippet.text[$0], as: UTF8.self) == "needle" })
        }
        #expect(snippets[0].marks.count == 2)
        #expect(snippets[0].text.count < 250)
    }

    @Test func `Q7 a phrase is one mark`() throws {
        let query = try SearchQuery(parsing: Array("\"rate limit\"".utf8))
        let snippet = try #require(query.snippet(title: Array("A rate-limit, no rate".utf8)))
        #expect(snippet.marks.map { String(decoding: snippet.text[$0], as: UTF8.self) } == ["rate-limit"])
    }
}
