internal import CFuse
internal import VFS

/// What the kernel keeps of a mount: pages of files.
///
/// Unchecked Sendable because libfuse's session may be used from several threads (fuse_lowlevel.h).
@safe
struct KernelCache: @unchecked Sendable {
    private let session: OpaquePointer

    init(_ session: OpaquePointer) {
        unsafe self.session = session
    }

    /// Gives the kernel a file's pages.
    ///
    /// It waits for pages that are being asked for, so nobody may have the file open: a daemon that is killed in such a wait
    /// could never end, nor could the program that asked.
    ///
    /// - Parameter contents: the whole file.
    /// - Returns: whether it took them.
    func store(_ contents: [UInt8], of node: NodeID) -> Bool {
        unsafe contents.withUnsafeBytes { bytes in
            var vector = fuse_bufvec()
            vector.count = 1
            unsafe vector.buf.size = bytes.count
            unsafe vector.buf.fd = -1
            unsafe vector.buf.mem = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
            return unsafe fuse_lowlevel_notify_store(
                session, node.rawValue, 0, &vector, fuse_buf_copy_flags(rawValue: 0)) == 0
        }
    }
}
