internal import CFuse
private import Glibc
internal import Timing
internal import VFS

/// The operations that write.
func addWriting(to operations: inout fuse_lowlevel_ops) {
    unsafe operations.setattr = setAttributes
    unsafe operations.create = create
    unsafe operations.write = write
    unsafe operations.flush = flush
    unsafe operations.fsync = synchronize
    unsafe operations.mkdir = makeDirectory
    unsafe operations.rename = rename
}

private func setAttributes(
    _ request: fuse_req_t?, _ node: fuse_ino_t, _ wanted: UnsafeMutablePointer<stat>?, _ which: CInt,
    _ info: UnsafeMutablePointer<fuse_file_info>?
) {
    let wanted = unsafe wanted?.pointee ?? stat()
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        var changes = AttributeChanges()
        if which & FUSE_SET_ATTR_SIZE != 0 { changes.size = Int64(wanted.st_size) }
        if which & FUSE_SET_ATTR_MTIME_NOW != 0 {
            changes.modified = .now
        } else if which & FUSE_SET_ATTR_MTIME != 0 {
            changes.modified = Timestamp(
                seconds: Int64(wanted.st_mtim.tv_sec), fraction: Int64(wanted.st_mtim.tv_nsec))
        }
        return try fileSystem.setAttributes(of: NodeID(rawValue: node), changes, for: caller)
    } reply: { reply, answer in
        reply.attributes(answer.0, validity: answer.validity)
    }
}

private func create(
    _ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ mode: mode_t,
    _ info: UnsafeMutablePointer<fuse_file_info>?
) {
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        try fileSystem.create(unsafe FileName(name), in: NodeID(rawValue: parent), for: caller)
    } reply: { reply, answer in
        reply.created(answer.0, answer.1)
    }
}

private func write(
    _ request: fuse_req_t?, _ node: fuse_ino_t, _ buffer: UnsafePointer<CChar>?, _ count: Int, _ offset: off_t,
    _ info: UnsafeMutablePointer<fuse_file_info>?
) {
    let handle = unsafe HandleID(rawValue: info?.pointee.fh ?? 0)
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: buffer, count: buffer == nil ? 0 : count))
        try fileSystem.write(bytes, to: handle, at: Int64(offset), for: caller)
        return bytes.count
    } reply: { reply, count in
        reply.written(count)
    }
}

private func flush(_ request: fuse_req_t?, _ node: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?) {
    let handle = unsafe HandleID(rawValue: info?.pointee.fh ?? 0)
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        try fileSystem.flush(handle, for: caller)
    } reply: { reply, _ in
        reply.success()
    }
}

private func synchronize(
    _ request: fuse_req_t?, _ node: fuse_ino_t, _ dataOnly: CInt, _ info: UnsafeMutablePointer<fuse_file_info>?
) {
    let handle = unsafe HandleID(rawValue: info?.pointee.fh ?? 0)
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        try fileSystem.synchronize(handle, for: caller)
    } reply: { reply, _ in
        reply.success()
    }
}

private func makeDirectory(
    _ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ mode: mode_t
) {
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        try fileSystem.makeDirectory(unsafe FileName(name), in: NodeID(rawValue: parent), for: caller)
    } reply: { reply, entry in
        reply.entry(entry)
    }
}

private func rename(
    _ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ newParent: fuse_ino_t,
    _ newName: UnsafePointer<CChar>?, _ flags: UInt32
) {
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        let mode: RenameMode
        switch flags {
        case 0: mode = .replacing
        case opencodefs_rename_noreplace: mode = .keeping
        // Two names cannot change places: what stands under them keeps its id.
        default: throw .invalid
        }
        try fileSystem.rename(
            unsafe FileName(name), in: NodeID(rawValue: parent), to: unsafe FileName(newName),
            in: NodeID(rawValue: newParent), mode, for: caller)
    } reply: { reply, _ in
        reply.success()
    }
}

extension OpenMode {
    /// What the flags of open(2) ask for.
    init(_ flags: CInt) {
        self =
            if flags & O_TRUNC != 0 {
                .replacing
            } else {
                switch flags & O_ACCMODE {
                case O_RDONLY: .reading
                case O_WRONLY: .writing
                default: .updating
                }
            }
    }
}
