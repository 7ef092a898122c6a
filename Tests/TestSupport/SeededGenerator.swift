import DemoHistory

/// Random numbers that are the same in every run. A property test takes its seed as an argument, so a failure names what
/// to run again.
package typealias SeededGenerator = SeededRandom

extension SeededRandom {
    /// Some bytes, taken from an alphabet.
    package mutating func bytes(_ count: ClosedRange<Int>, of alphabet: [UInt8]) -> [UInt8] {
        (0..<Int.random(in: count, using: &self)).map { _ in alphabet[Int.random(in: alphabet.indices, using: &self)] }
    }
}
