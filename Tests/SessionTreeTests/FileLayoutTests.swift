import SessionModel
import SessionTree
import TestSupport
import Testing

@Suite struct FileLayoutTests {
    @Test(arguments: 0..<30 as Range<UInt64>) func `any range of a file is that slice of the whole`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let texts = (0..<4).map { _ in random.bytes(0...50, of: Array(0...255)) }
        var layout = FileLayout()
        var whole: [UInt8] = []
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            if Bool.random(using: &random) {
                let literal = random.bytes(0...9, of: Array(0...255))
                layout.add(literal)
                whole += literal
            } else {
                let text = Int.random(in: texts.indices, using: &random)
                let from = Int.random(in: 0...texts[text].count, using: &random)
                let count = Int.random(in: 0...(texts[text].count - from), using: &random)
                layout.add(text: text, from: from, count: count)
                whole += texts[text][from..<(from + count)]
            }
        }
        #expect(layout.size == whole.count)
        for lower in 0...whole.count {
            for upper in lower...whole.count {
                var fetched = 0
                let bytes = layout.bytes(lower..<upper) { (text, range) throws(Never) in
                    fetched += range.count
                    return texts[text][range]
                }
                // Nothing is fetched that is not handed out.
                if bytes != Array(whole[lower..<upper]) || fetched > upper - lower {
                    Issue.record("\(lower)..<\(upper) of \(whole)")
                }
            }
        }
        let beyond = layout.bytes(0..<(whole.count + 100)) { (text, range) throws(Never) in texts[text][range] }
        #expect(beyond == whole)
    }

    @Test func `who cannot fetch is told so`() {
        var layout = FileLayout()
        layout.add("abc")
        layout.add(text: 0, from: 0, count: 3)
        struct Gone: Error {}
        #expect(throws: Gone.self) {
            try layout.bytes(0..<6) { (_, _) throws(Gone) -> ArraySlice<UInt8> in throw Gone() }
        }
        #expect(throws: Never.self) {
            try layout.bytes(0..<3) { (_, _) throws(Gone) -> ArraySlice<UInt8> in throw Gone() }
        }
    }
}
