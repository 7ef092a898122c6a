import Testing

@testable import SessionStore
@testable import opencodefs

/// What a file must hold to match, as far as the pattern says.
@Suite struct SearchPatternTests {
    @Test(arguments: [
        ("rate limit", "rate limit"), ("foo.*barbaz", "barbaz"), ("\"role\":\"user\"", "role"), ("colou\\?r", "colo"),
        ("a\\(bcd\\)ef", "ef"), ("abc*", "ab"), ("x|y", "x|y"), ("\\<word\\>", "word"), ("[abc]def", "def"),
        ("[]x]yz", "yz"), ("[[:alpha:]]tail", "tail"), ("ab\\{2\\}cd", "cd"), ("東京*タワ", "タワ"), ("a\\.b", "a.b"),
    ])
    func `of a basic regular expression the longest literal is kept`(pattern: String, word: String) throws {
        #expect(try words(pattern, .basic) == [word])
    }

    @Test(arguments: [
        ("foo|barbaz", ["foo", "barbaz"]), ("foo(bar)?bazz", ["bazz"]), ("ab+?cd", ["cd"]), ("x{2}yz", ["yz"]),
        ("(a|b)c", ["c"]), ("a\\|b", ["a|b"]), ("\\(lit\\)", ["(lit)"]), ("xyz{", ["xy"]),
    ])
    func `of an extended one each alternative is`(pattern: String, words: [String]) throws {
        #expect(try self.words(pattern, .extended) == words)
    }

    @Test(arguments: [
        ("foo\\d+bar", ["foo"]), ("(?:x)yz", ["yz"]), ("a\\.bc", ["a.bc"]), ("(?=x)look", ["look"]),
        ("xx|bc", ["xx", "bc"]),
    ])
    func `of Perl's what is certain is`(pattern: String, words: [String]) throws {
        #expect(try self.words(pattern, .perl) == words)
    }

    @Test(arguments: [
        ("", SearchPattern.Syntax.basic), (".*", .basic), ("a*", .basic), ("[abc]", .basic), ("12345", .basic),
        ("info", .fixed), ("\"", .fixed), ("},{", .fixed), ("a\\", .basic), ("foo|", .extended), ("foo|b*", .extended),
        ("foo)", .extended), ("(?i)foo", .perl), ("\\Qfoo\\E", .perl), ("\\x41foo", .perl), ("(*UTF)foo", .perl),
        ("[\\]]foo", .perl), ("(?<n>a)foo", .perl), ("foo\n", .fixed), ("essag", .fixed), ("1.5e10", .fixed),
    ])
    func `where nothing is certain, nothing is taken for it`(pattern: String, syntax: SearchPattern.Syntax) {
        #expect(SearchPattern(text: Array(pattern.utf8), syntax: syntax, isFolding: false).words == nil)
    }

    @Test func `without case, letters that others fold to are not relied on`() throws {
        func word(_ pattern: String) throws -> String {
            let words = try #require(
                SearchPattern(text: Array(pattern.utf8), syntax: .fixed, isFolding: true).words)
            return String(decoding: try #require(words.first).bytes, as: UTF8.self)
        }
        #expect(try word("DATABASE") == "databa")
        #expect(try word("Kelvin") == "elv")
        #expect(try word("Zürich rate") == "ch rate")
    }

    private func words(_ pattern: String, _ syntax: SearchPattern.Syntax) throws -> [String] {
        try #require(SearchPattern(text: Array(pattern.utf8), syntax: syntax, isFolding: false).words)
            .map { String(decoding: $0.bytes, as: UTF8.self) }
    }
}
