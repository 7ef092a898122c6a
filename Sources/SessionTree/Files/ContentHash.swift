/// A 64-bit hash of contents, to notice a change; eight bytes a step, as they lie in memory: this is asked
/// of all that is read.
package enum ContentHash {
    package static func value(of bytes: [UInt8]) -> UInt64 {
        var hash: UInt64 = seed ^ UInt64(bytes.count)
        unsafe bytes.withUnsafeBytes { bytes in
            let words = bytes.count / 8
            for index in 0..<words {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
                hash = mix(hash ^ UInt64(littleEndian: word))
            }
            var rest: UInt64 = 0
            for index in words * 8..<bytes.count { rest |= unsafe UInt64(bytes[index]) << UInt64(index % 8 * 8) }
            hash = mix(hash ^ rest)
        }
        return hash
    }

    /// Of several hashes in their order.
    package static func combine(_ hash: UInt64, _ next: UInt64) -> UInt64 {
        mix(hash ^ mix(next))
    }

    package static let seed: UInt64 = 0x9e37_79b9_7f4a_7c15

    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value &* 0x9fb2_1c65_1e98_df25
        mixed ^= mixed >> 35
        mixed = mixed &* 0x9fb2_1c65_1e98_df25
        return mixed ^ (mixed >> 28)
    }
}
