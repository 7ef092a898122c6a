import Synchronization
import Testing
import Timing

@Suite struct PatienceTests {
    @Test func `patience lasts until its deadline`() {
        #expect(Patience.lasting(.seconds(60)).verdict == nil)
        #expect(Patience(until: .now - .milliseconds(1)).verdict == .expired)
        #expect(Patience.lasting(.zero).verdict == .expired)
    }

    @Test func `nobody waiting counts more than the deadline`() {
        #expect(Patience(until: .now + .seconds(60)) { true }.verdict == .cancelled)
        #expect(Patience(until: .now - .seconds(60)) { true }.verdict == .cancelled)
    }

    @Test func `whether somebody waits is asked each time`() {
        let interruption = Interruption()
        let patience = Patience(until: .now + .seconds(60)) { interruption.isThere.load(ordering: .relaxed) }
        #expect(patience.verdict == nil)
        interruption.isThere.store(true, ordering: .relaxed)
        #expect(patience.verdict == .cancelled)
    }

    @Test func `patience can be shortened and not prolonged`() {
        let patience = Patience.lasting(.seconds(60))
        #expect(patience.atMost(.zero).verdict == .expired)
        #expect(patience.atMost(.seconds(3600)).deadline == patience.deadline)
        #expect(patience.atMost(.seconds(1)).deadline < patience.deadline)
    }

    @Test func `shortened patience still hears that nobody waits`() {
        #expect(Patience(until: .now + .seconds(60)) { true }.atMost(.seconds(1)).verdict == .cancelled)
    }

    @Test func `patience ends with something else as well, and as before`() {
        let isOver = Interruption()
        let patience = Patience.lasting(.seconds(60)).unless { isOver.isThere.load(ordering: .relaxed) }
        #expect(patience.verdict == nil)
        isOver.isThere.store(true, ordering: .relaxed)
        #expect(patience.verdict == .cancelled)
        #expect(Patience(until: .now + .seconds(60)) { true }.unless { false }.verdict == .cancelled)
        #expect(Patience.lasting(.zero).unless { false }.verdict == .expired)
    }
}

private final class Interruption: Sendable {
    let isThere = Atomic(false)
}
