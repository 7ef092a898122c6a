package import Timing

/// One version of a file: what must be equal for the bytes to be taken for the same.
package struct FileVersion: Hashable, Sendable {
    /// Bytes.
    package let size: Int
    /// When the rows say they changed.
    package let changed: Timestamp
    /// A hash of the times and lengths of its rows, or of its bytes where they are at hand.
    package let digest: UInt64
    /// How often this mount has noticed other bytes although all of the above was equal.
    package var revision = 0

    package init(size: Int, changed: Timestamp, digest: UInt64) {
        self.size = size
        self.changed = changed
        self.digest = digest
    }

    /// A file whose bytes are at hand.
    package init(of bytes: [UInt8], changed: Timestamp) {
        self.init(size: bytes.count, changed: changed, digest: ContentHash.value(of: bytes))
    }

    /// A file that grows while it is the same: all its sizes are one version until what was there changes.
    package init(growing epoch: UInt64) {
        self.init(size: -1, changed: .epoch, digest: epoch)
    }

    package var isGrowing: Bool { size < 0 }

    /// st_mtime (rule R3): milliseconds from the rows, the rest from the digest, so that it differs when the bytes do
    /// even within one millisecond.
    package var modified: Timestamp {
        changed.advanced(byNanoseconds: Int64(digest % 999_000) + Int64(revision % 1000))
    }

    /// This version, seen once more with other bytes.
    package func revised() -> FileVersion {
        var next = self
        next.revision += 1
        return next
    }
}
