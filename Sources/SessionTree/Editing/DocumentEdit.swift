internal import SessionModel

/// What the text of a document may be (rule W12): any JSON.
package enum DocumentEdit {
    /// Bytes that one may have.
    package static let maximumSize = 8 << 20

    package static func check(_ bytes: [UInt8]) throws(EditError) {
        guard let fault = JSONText.fault(in: bytes) else { return }
        throw EditError(fault: fault, in: bytes)
    }
}
