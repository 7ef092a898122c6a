private import CMessageDigest

/// SHA-256 of some bytes, by Debian's libmd.
package enum SHA256 {
    /// The digest as 32 bytes.
    package static func digest(of bytes: [UInt8]) -> [UInt8] {
        var context = SHA2_CTX()
        unsafe SHA256Init(&context)
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe SHA256Update(&context, buffer.baseAddress, buffer.count)
        }
        var result = [UInt8](repeating: 0, count: 32)
        unsafe result.withUnsafeMutableBufferPointer { buffer in
            unsafe SHA256Final(buffer.baseAddress, &context)
        }
        return result
    }
}
