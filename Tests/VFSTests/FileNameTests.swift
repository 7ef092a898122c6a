import Testing
import VFS

@Suite struct FileNameTests {
    @Test(arguments: ["a", "...", ".a", " ", "\n", "a~b", "%2F", "é", String(repeating: "x", count: 255)])
    func `what Linux takes for a name is one`(text: String) throws {
        let name = try #require(FileName(bytes: Array(text.utf8)))
        #expect(name.bytes == Array(text.utf8))
        #expect(name.description == text)
    }

    @Test(arguments: ["", ".", "..", "/", "a/b", "a\0", "\0", String(repeating: "x", count: 256)])
    func `what Linux refuses is none`(text: String) {
        #expect(FileName(bytes: Array(text.utf8)) == nil)
    }

    @Test func `bytes that are no UTF-8 are kept`() throws {
        let name = try #require(FileName(bytes: [0xff, 0x41]))
        #expect(name.bytes == [0xff, 0x41])
        #expect(name.description == "\u{fffd}A")
    }

    @Test func `names are equal and ordered by their bytes`() throws {
        let composed = try #require(FileName(bytes: Array("\u{e9}".utf8)))
        let decomposed = try #require(FileName(bytes: Array("e\u{301}".utf8)))
        #expect(composed != decomposed)
        #expect(decomposed < composed)
        #expect(FileName("Z") < FileName("a"))
        #expect(FileName("a") < FileName("aa"))
    }

    @Test func `the special names are those of listings`() {
        #expect(FileName.current.bytes == [0x2e])
        #expect(FileName.parent.bytes == [0x2e, 0x2e])
    }
}
