import SessionModel
import Testing

@Suite struct MessageTests {
    private func text(_ octets: Int) -> StoredText { StoredText(octets: octets, opening: .object, updated: 0) }

    @Test func `texts are the message's and then its parts'`() {
        let parts = [3, 4].map { Message.Part(id: .init("p\($0)"), session: .init("s"), data: text($0)) }
        let parted = Message(
            id: .init("m"), session: .init("s"), shape: .parted(info: text(2), parts: parts), order: .rank)
        #expect(parted.texts.map(\.octets) == [2, 3, 4])
        let typed = Message(
            id: .init("m"), session: .init("s"), shape: .typed(type: [], data: text(5)), order: .stored(1))
        #expect(typed.texts.map(\.octets) == [5])
    }

    @Test func `rows of all kinds count`() {
        var counts = Counts()
        (counts.projects, counts.sessions, counts.messages, counts.parts) = (1, 20, 300, 4000)
        #expect(counts.rows == 4321)
    }
}
