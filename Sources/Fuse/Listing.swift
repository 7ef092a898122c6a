internal import CFuse
internal import VFS

/// A listing in the kernel's form, filled until the room it offered is used up.
@safe
struct Listing {
    private let request: fuse_req_t
    private let withEntries: Bool
    private(set) var bytes: [UInt8]
    private var used = 0

    /// - Parameter withEntries: whether each line answers a lookup too (READDIRPLUS).
    init(for request: fuse_req_t, room: Int, withEntries: Bool) {
        unsafe self.request = request
        self.withEntries = withEntries
        bytes = [UInt8](repeating: 0, count: room)
    }

    /// Adds a line; false when it does not fit any more.
    ///
    /// - Parameter position: where reading goes on behind this line.
    mutating func add(_ line: DirectoryEntry, _ entry: Entry?, position: Int) -> Bool {
        var parameters = entry.map { fuse_entry_param($0) } ?? fuse_entry_param()
        if entry == nil {
            // No node: the kernel takes the line and looks nothing up.
            parameters.attr.st_ino = UInt(line.inode)
            parameters.attr.st_mode = line.kind.mode
        }
        let room = bytes.count - used
        let start = used
        let size = unsafe (line.name.bytes + [0]).withUnsafeBufferPointer { name in
            unsafe name.withMemoryRebound(to: CChar.self) { name in
                // Of the whole array: a slice of it would be copied, for each line.
                unsafe bytes.withUnsafeMutableBytes { buffer in
                    let target = unsafe buffer.baseAddress?.advanced(by: start).assumingMemoryBound(to: CChar.self)
                    return withEntries
                        ? unsafe fuse_add_direntry_plus(
                            request, target, room, name.baseAddress, &parameters, off_t(position))
                        : unsafe fuse_add_direntry(
                            request, target, room, name.baseAddress, &parameters.attr, off_t(position))
                }
            }
        }
        guard size <= room else { return false }
        used += size
        return true
    }

    /// What was added.
    var filled: [UInt8] {
        Array(bytes[..<used])
    }
}
