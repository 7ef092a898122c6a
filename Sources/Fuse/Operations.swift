internal import CFuse
private import Glibc
internal import VFS

/// The operations libfuse calls, one function each; what is not here the kernel is refused or told by libfuse.
func operations() -> fuse_lowlevel_ops {
    var operations = fuse_lowlevel_ops()
    unsafe operations.`init` = initialize
    unsafe operations.lookup = lookup
    unsafe operations.forget = forget
    unsafe operations.forget_multi = forgetMany
    unsafe operations.getattr = attributes
    unsafe operations.open = open
    unsafe operations.read = read
    unsafe operations.release = release
    unsafe operations.opendir = openDirectory
    unsafe operations.readdir = readDirectory
    unsafe operations.readdirplus = readDirectoryWithEntries
    unsafe operations.releasedir = releaseDirectory
    unsafe operations.unlink = unlink
    unsafe operations.rmdir = removeDirectory
    unsafe operations.readlink = readLink
    unsafe operations.symlink = makeLink
    unsafe operations.getxattr = extendedAttribute
    unsafe operations.listxattr = extendedAttributeNames
    unsafe operations.statfs = statistics
    addWriting(to: &operations)
    unsafe operations.mknod = refuseMakeNode
    unsafe operations.link = refuseLink
    return operations
}

private func initialize(_ userdata: UnsafeMutableRawPointer?, _ connection: UnsafeMutablePointer<fuse_conn_info>?) {
    guard let connection = unsafe connection else { return }
    // Attributes with every listing, always: `ls -l` and `find` then ask nothing more. AUTO would spare the first
    // listing of a directory, at the price of a round trip for each of its files.
    unsafe connection.pointee.want |= unsafe connection.pointee.capable & UInt32(FUSE_CAP_READDIRPLUS)
    unsafe connection.pointee.want &= ~UInt32(FUSE_CAP_READDIRPLUS_AUTO)
    // A node is one version of a file: its size and times never change, so pages need no checking against them.
    unsafe connection.pointee.want &= ~UInt32(FUSE_CAP_AUTO_INVAL_DATA)
}

private func lookup(_ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?) {
    unsafe serve(request) { (fileSystem, caller) throws(Errno) -> Entry? in
        let name = unsafe try FileName(name)
        do throws(Errno) {
            return try fileSystem.lookup(name, in: NodeID(rawValue: parent), for: caller)
        } catch {
            guard error == .noEntry, fileSystem.isNeverMade(name, in: NodeID(rawValue: parent)) else { throw error }
            return nil
        }
    } reply: { reply, entry in
        if let entry { reply.entry(entry) } else { reply.absent() }
    }
}

private func forget(_ request: fuse_req_t?, _ node: fuse_ino_t, _ count: UInt64) {
    unsafe serve(request) { (fileSystem, _) throws(Errno) in
        fileSystem.forget(NodeID(rawValue: node), count: count)
    } reply: { reply, _ in
        reply.none()
    }
}

private func forgetMany(_ request: fuse_req_t?, _ count: Int, _ forgets: UnsafeMutablePointer<fuse_forget_data>?) {
    unsafe serve(request) { (fileSystem, _) throws(Errno) in
        for index in 0..<count {
            guard let forget = unsafe forgets?[index] else { return }
            fileSystem.forget(NodeID(rawValue: forget.ino), count: forget.nlookup)
        }
    } reply: { reply, _ in
        reply.none()
    }
}

private func attributes(_ request: fuse_req_t?, _ node: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?) {
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        try fileSystem.attributes(of: NodeID(rawValue: node), for: caller)
    } reply: { reply, answer in
        reply.attributes(answer.0, validity: answer.validity)
    }
}

private func open(_ request: fuse_req_t?, _ node: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?) {
    guard let known = unsafe request else { return }
    let cache = unsafe Server.of(known).cache
    let mode = OpenMode(unsafe info?.pointee.flags ?? 0)
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        let opened = try fileSystem.open(NodeID(rawValue: node), mode, for: caller)
        if let contents = opened.contents {
            let isTaken = cache?.store(contents, of: NodeID(rawValue: node)) ?? false
            fileSystem.setStored(opened.handle, isTaken: isTaken)
        }
        return opened
    } reply: { reply, opened in
        reply.opened(opened.handle, opened.caching, isRead: mode == .reading)
    }
}

private func read(
    _ request: fuse_req_t?, _ node: fuse_ino_t, _ count: Int, _ offset: off_t,
    _ info: UnsafeMutablePointer<fuse_file_info>?
) {
    let handle = unsafe HandleID(rawValue: info?.pointee.fh ?? 0)
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        try fileSystem.read(handle, at: Int64(offset), count: count, for: caller)
    } reply: { reply, bytes in
        reply.data(bytes)
    }
}

private func release(_ request: fuse_req_t?, _ node: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?) {
    let handle = unsafe HandleID(rawValue: info?.pointee.fh ?? 0)
    unsafe serve(request) { (fileSystem, _) throws(Errno) in
        fileSystem.release(handle)
    } reply: { reply, _ in
        reply.success()
    }
}

private func openDirectory(_ request: fuse_req_t?, _ node: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?) {
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        try fileSystem.openDirectory(NodeID(rawValue: node), for: caller)
    } reply: { reply, handle in
        reply.opened(handle, .anew)
    }
}

private func readDirectory(
    _ request: fuse_req_t?, _ node: fuse_ino_t, _ room: Int, _ offset: off_t,
    _ info: UnsafeMutablePointer<fuse_file_info>?
) {
    unsafe list(request, room, offset, info, withEntries: false)
}

private func readDirectoryWithEntries(
    _ request: fuse_req_t?, _ node: fuse_ino_t, _ room: Int, _ offset: off_t,
    _ info: UnsafeMutablePointer<fuse_file_info>?
) {
    unsafe list(request, room, offset, info, withEntries: true)
}

private func list(
    _ request: fuse_req_t?, _ room: Int, _ offset: off_t, _ info: UnsafeMutablePointer<fuse_file_info>?,
    withEntries: Bool
) {
    guard let known = unsafe request else { return }
    let handle = unsafe HandleID(rawValue: info?.pointee.fh ?? 0)
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        var listing = unsafe Listing(for: known, room: room, withEntries: withEntries)
        var position = Int(max(0, offset))
        try fileSystem.readDirectory(handle, from: position, for: caller) { line, entry in
            position += 1
            guard listing.add(line, entry, position: position) else { return false }
            // A plain listing gives the kernel no node.
            if !withEntries, let entry { fileSystem.forget(entry.node, count: 1) }
            return true
        }
        return listing.filled
    } reply: { reply, bytes in
        reply.data(bytes)
    }
}

private func releaseDirectory(
    _ request: fuse_req_t?, _ node: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?
) {
    let handle = unsafe HandleID(rawValue: info?.pointee.fh ?? 0)
    unsafe serve(request) { (fileSystem, _) throws(Errno) in
        fileSystem.releaseDirectory(handle)
    } reply: { reply, _ in
        reply.success()
    }
}

private func unlink(_ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?) {
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        try fileSystem.unlink(unsafe FileName(name), in: NodeID(rawValue: parent), for: caller)
    } reply: { reply, _ in
        reply.success()
    }
}

private func removeDirectory(_ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?) {
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        try fileSystem.removeDirectory(unsafe FileName(name), in: NodeID(rawValue: parent), for: caller)
    } reply: { reply, _ in
        reply.success()
    }
}

private func extendedAttribute(_ request: fuse_req_t?, _ node: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ room: Int) {
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        guard let name = unsafe name else { throw .noData }
        let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: name, count: strlen(name)))
        return try fileSystem.extendedAttribute(bytes, of: NodeID(rawValue: node), for: caller)
    } reply: { reply, value in
        reply.extendedAttribute(value, room: room)
    }
}

private func extendedAttributeNames(_ request: fuse_req_t?, _ node: fuse_ino_t, _ room: Int) {
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        let names = try fileSystem.extendedAttributeNames(of: NodeID(rawValue: node), for: caller)
        return names.flatMap { $0 + [0] }
    } reply: { reply, list in
        reply.extendedAttribute(list, room: room)
    }
}

private func readLink(_ request: fuse_req_t?, _ node: fuse_ino_t) {
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        try fileSystem.readLink(NodeID(rawValue: node), for: caller)
    } reply: { reply, target in
        reply.link(target)
    }
}

private func makeLink(
    _ request: fuse_req_t?, _ target: UnsafePointer<CChar>?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?
) {
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        try fileSystem.makeLink(unsafe FileName(name), in: NodeID(rawValue: parent), for: caller)
    } reply: { reply, entry in
        reply.entry(entry)
    }
}

private func statistics(_ request: fuse_req_t?, _ node: fuse_ino_t) {
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        try fileSystem.statistics(for: caller)
    } reply: { reply, statistics in
        reply.statistics(statistics)
    }
}

private func refuse(
    _ request: fuse_req_t?, _ operation: StaticString, _ name: UnsafePointer<CChar>?, _ node: fuse_ino_t
) {
    unsafe serve(request) { (fileSystem, caller) throws(Errno) in
        let name = try unsafe name.map { (name) throws(Errno) in unsafe try FileName(name) }
        throw fileSystem.refuse(operation, name, in: NodeID(rawValue: node), for: caller)
    } reply: { (reply, _: Void) in
        reply.success()
    }
}

private func refuseMakeNode(
    _ request: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ mode: mode_t, _ device: dev_t
) {
    unsafe refuse(request, "mknod", name, parent)
}

private func refuseLink(
    _ request: fuse_req_t?, _ node: fuse_ino_t, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?
) {
    unsafe refuse(request, "link", name, parent)
}
