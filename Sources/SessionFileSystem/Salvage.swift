package import SessionTree
package import Timing
package import VFS

/// Keeps the bytes of saves that were refused or came too late, so that nobody's work is lost (rules W2 and W3).
///
/// Calls come from several threads.
package protocol Salvage: Sendable {
    /// Keeps bytes, durably: when this returns they survive a power cut. The same bytes for the same name within ten
    /// seconds are kept once: the kernel repeats a rename that was answered with ESTALE.
    ///
    /// - Parameters:
    ///   - name: what was to be saved under.
    ///   - reason: one line for people, never text of a conversation; beside the bytes in a file `….reason`.
    /// - Returns: the name they are kept under.
    /// - Throws: when they are not kept. Nothing half is left then.
    func keep(
        _ bytes: [UInt8], as kind: SalvageKind, of name: FileName, reason: String
    ) throws(SalvageError) -> FileName

    /// What is kept, and the reasons beside it, the oldest first.
    func list(_ kind: SalvageKind) throws(SalvageError) -> [SalvagedFile]

    /// One file, also a reason.
    ///
    /// - Throws: `.notFound`
    func find(_ name: FileName, in kind: SalvageKind) throws(SalvageError) -> SalvagedFile

    /// - Throws: `.notFound`
    func read(_ name: FileName, in kind: SalvageKind) throws(SalvageError) -> [UInt8]

    /// Removes a kept file, and takes the reason beside it out of the list. A reason may be removed alone, before or after:
    /// `rm *` names both.
    ///
    /// - Throws: `.notFound`
    func remove(_ name: FileName, in kind: SalvageKind) throws(SalvageError)
}

/// A file that is kept, or the reason beside one. Its bytes never change.
package struct SalvagedFile: Sendable, Equatable {
    package let name: FileName
    /// Bytes.
    package let size: Int
    package let modified: Timestamp

    package init(name: FileName, size: Int, modified: Timestamp) {
        self.name = name
        self.size = size
        self.modified = modified
    }
}

/// Why bytes are not kept, or not found.
package enum SalvageError: Error, Sendable, Equatable {
    case notFound
    /// The disk has no space.
    case full
    /// The reason is for people.
    case unavailable(reason: String)
}
