import Testing

@testable import SessionFileSystem

@Suite struct HandedOutTests {
    @Test func `W3 a program that has read a file itself is compared with that, others with what was read last`() {
        var table = HandedOut()
        #expect(table.base(1, process: 10) == nil)
        table.note(.content(1), 1, process: 10)
        table.note(.content(2), 1, process: 11)
        #expect(table.base(1, process: 10) == .content(1))
        #expect(table.base(1, process: 11) == .content(2))
        #expect(table.base(1, process: 12) == .content(2))
        #expect(table.base(2, process: 10) == nil)
    }

    @Test func `W3 the oldest go when there are many`() {
        var table = HandedOut()
        for inode in 0..<450_000 as Range<UInt64> { table.note(.content(inode), inode, process: 0) }
        #expect(table.base(0, process: 1) == nil)
        #expect(table.base(449_999, process: 1) == .content(449_999))
        #expect(table.base(390_000, process: 1) == .content(390_000))
    }
}
