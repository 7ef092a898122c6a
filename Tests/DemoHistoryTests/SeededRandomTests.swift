import Testing

@testable import DemoHistory

@Suite struct SeededRandomTests {
    @Test func `the numbers are SplitMix64's`() {
        var random = SeededRandom(seed: 1_234_567)
        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
        #expect(random.next() == 9_817_491_932_198_370_423)
    }

    @Test func `bounds hold`() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<1_000 {
            #expect((0..<3).contains(random.below(3)))
            #expect((5...6).contains(random.within(5...6)))
        }
        #expect(random.below(0) == 0)
        #expect(random.below(-4) == 0)
    }
}
