package import VFS

/// A place in `.opencodefs/trash`: what `rm` took, under the path it had.
package struct TrashPlace: Hashable, Sendable {
    /// Nil for the trash itself.
    package let batch: Int64?
    /// Names below the batch, without their labels.
    package let path: [FileName]
    /// The number of the item that a file is of; nil for a directory.
    package let item: Int64?

    package init(batch: Int64?, path: [FileName] = [], item: Int64? = nil) {
        self.batch = batch
        self.path = path
        self.item = item
    }

    /// The trash itself.
    package static let top = TrashPlace(batch: nil)

    /// The directory that lists this; nil for the trash itself.
    package var parent: TrashPlace? {
        guard let batch else { return nil }
        return path.isEmpty ? .top : TrashPlace(batch: batch, path: Array(path.dropLast()))
    }

    /// Bytes that tell it from any other place in the trash.
    var identity: [UInt8] {
        // No name holds a slash.
        Array("\(batch ?? -1)/\(item ?? -1)".utf8) + path.flatMap { [UInt8(ascii: "/")] + $0.bytes }
    }
}
