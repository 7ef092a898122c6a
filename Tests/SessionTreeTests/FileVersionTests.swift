import SessionModel
import SessionTree
import TestSupport
import Testing
import Timing

@Suite struct FileVersionTests {
    private func message(_ texts: [(Int, StoredText.Opening, Int64)], part: String = "p") -> Message {
        let texts = texts.map { StoredText(octets: $0, opening: $1, updated: $2) }
        let parts = texts.dropFirst().enumerated().map {
            Message.Part(id: .init("\(part)\($0.offset)"), session: .init("s"), data: $0.element)
        }
        return Message(id: .init("m"), session: .init("s"), shape: .parted(info: texts[0], parts: parts), order: .rank)
    }

    @Test func `R3 a version changes with the times, lengths and parts of its rows`() {
        let versions = [
            message([(5, .object, 100)]), message([(5, .object, 101)]), message([(6, .object, 100)]),
            message([(5, .other, 100)]), message([(5, .object, 100), (5, .object, 100)]),
            message([(5, .object, 100), (5, .object, 99)]), message([(5, .object, 99), (5, .object, 100)]),
            message([(5, .object, 100), (6, .object, 100)]), message([(6, .object, 100), (5, .object, 100)]),
            message([(5, .object, 100), (5, .object, 100)], part: "q"),
        ].map { MessageFile.version(of: $0) }
        #expect(Set(versions).count == versions.count)
        #expect(Set(versions.map(\.digest)).count == versions.count)
        #expect(versions[0] == MessageFile.version(of: message([(5, .object, 100)])))
    }

    @Test func `R3 mtime is the newest of the rows, to the millisecond`() {
        let version = MessageFile.version(of: message([(5, .object, 100), (5, .object, 300), (5, .object, 200)]))
        #expect(version.changed == Timestamp(milliseconds: 300))
        #expect(version.modified.milliseconds == 300)
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func `R3 mtime stays within its millisecond`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for milliseconds in [
            -1, 0, 1_794_996_000_000, .random(in: -1_000_000_000_000...4_000_000_000_000, using: &random),
        ]
            as [Int64]
        {
            var version = FileVersion(size: 1, changed: Timestamp(milliseconds: milliseconds), digest: random.next())
            for _ in 0..<1200 {
                #expect(version.modified.milliseconds == milliseconds)
                version = version.revised()
            }
        }
        let last = FileVersion(size: 1, changed: Timestamp(milliseconds: .max), digest: .max)
        #expect(last.modified.nanoseconds == .max)
    }

    @Test func `R3 a revision is another version, one nanosecond later`() {
        let version = FileVersion(size: 1, changed: Timestamp(milliseconds: 7), digest: 5)
        #expect(version.revised() != version)
        #expect(version.revised().modified == version.modified.advanced(byNanoseconds: 1))
        #expect(version.modified == Timestamp(nanoseconds: 7_000_005))
    }

    @Test func `a version of bytes changes with each of them`() {
        let bytes = Array("0123456789abcdefghij".utf8)
        let changed = Timestamp(milliseconds: 1)
        var versions: Set = [FileVersion(of: bytes, changed: changed)]
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 1
            let isNew = versions.insert(FileVersion(of: other, changed: changed)).inserted
            #expect(isNew)
        }
        for count in 0..<bytes.count {
            #expect(versions.insert(FileVersion(of: Array(bytes.prefix(count)), changed: changed)).inserted)
        }
        #expect(ContentHash.value(of: [0]) != ContentHash.value(of: [0, 0]))
        #expect(FileVersion(of: bytes, changed: changed) != FileVersion(of: bytes, changed: .epoch))
    }
}
