internal import CFuse
private import Glibc
internal import Timing
internal import VFS

/// The answer that one request of the kernel waits for: given once, or EIO when it is forgotten.
@safe
struct Reply: ~Copyable {
    private let request: fuse_req_t

    init(to request: fuse_req_t) {
        unsafe self.request = request
    }

    deinit {
        unsafe fuse_reply_err(request, EIO)
    }

    consuming func error(_ errno: Errno) {
        unsafe fuse_reply_err(request, errno.rawValue)
        discard self
    }

    consuming func success() {
        unsafe fuse_reply_err(request, 0)
        discard self
    }

    /// For requests that want no answer (FORGET).
    consuming func none() {
        unsafe fuse_reply_none(request)
        discard self
    }

    consuming func entry(_ entry: Entry) {
        var parameters = fuse_entry_param(entry)
        unsafe fuse_reply_entry(request, &parameters)
        discard self
    }

    consuming func attributes(_ attributes: Attributes, validity: Double) {
        var status = stat(attributes)
        unsafe fuse_reply_attr(request, &status, validity)
        discard self
    }

    /// There is no such name, and the kernel need not ask again: an entry without a node.
    consuming func absent() {
        var parameters = fuse_entry_param()
        parameters.entry_timeout = 86_400
        unsafe fuse_reply_entry(request, &parameters)
        discard self
    }

    /// A file or directory is open.
    ///
    /// - Parameter isRead: whether it is a file that is only read. Then nothing is to be said when a descriptor of it is closed.
    consuming func opened(_ handle: HandleID, _ caching: PageCaching, isRead: Bool = false) {
        var info = fuse_file_info()
        info.fh = handle.rawValue
        info.noflush = isRead ? 1 : 0
        info.keep_cache = caching == .kept ? 1 : 0
        info.direct_io = caching == .never ? 1 : 0
        unsafe fuse_reply_open(request, &info)
        discard self
    }

    /// A file has been made and is open.
    consuming func created(_ entry: Entry, _ handle: HandleID) {
        var parameters = fuse_entry_param(entry)
        var info = fuse_file_info()
        info.fh = handle.rawValue
        unsafe fuse_reply_create(request, &parameters, &info)
        discard self
    }

    consuming func written(_ count: Int) {
        unsafe fuse_reply_write(request, count)
        discard self
    }

    /// Where a symbolic link leads.
    consuming func link(_ target: [UInt8]) {
        unsafe (target + [0]).withUnsafeBufferPointer { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
                _ = unsafe fuse_reply_readlink(request, characters.baseAddress)
            }
        }
        discard self
    }

    consuming func data(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
                _ = unsafe fuse_reply_buf(request, characters.baseAddress, characters.count)
            }
        }
        discard self
    }

    /// The value of an extended attribute, or its size for a caller that offers no room (getxattr(2)).
    consuming func extendedAttribute(_ value: [UInt8], room: Int) {
        if room == 0 {
            unsafe fuse_reply_xattr(request, value.count)
            discard self
        } else if value.count > room {
            error(.outOfRange)
        } else {
            data(value)
        }
    }

    consuming func statistics(_ statistics: Statistics) {
        var answer = statvfs()
        let block: Int64 = 4096
        let used = max(0, statistics.usedBytes) / block + 1
        let free = max(0, statistics.freeBytes) / block
        answer.f_bsize = UInt(block)
        answer.f_frsize = UInt(block)
        answer.f_blocks = UInt(used + free)
        answer.f_bfree = UInt(free)
        answer.f_bavail = UInt(free)
        answer.f_files = UInt(max(0, statistics.usedNodes))
        answer.f_namemax = UInt(FileName.maximumLength)
        unsafe fuse_reply_statfs(request, &answer)
        discard self
    }
}

extension Attributes.Kind {
    /// The bits of st_mode that say so.
    var mode: mode_t {
        switch self {
        case .directory: S_IFDIR
        case .regular: S_IFREG
        case .link: S_IFLNK
        }
    }
}

extension fuse_entry_param {
    init(_ entry: Entry) {
        self.init()
        ino = entry.node.rawValue
        // A node number is never used twice, so one generation is enough.
        generation = 0
        attr = stat(entry.attributes)
        attr_timeout = entry.validity.attributes
        entry_timeout = entry.validity.name
    }
}

extension stat {
    init(_ attributes: Attributes) {
        self.init()
        st_ino = UInt(attributes.inode)
        st_mode = attributes.kind.mode | attributes.permissions
        // 1 says of a directory that its count of links tells nothing of its subdirectories (find(1) trusts it).
        st_nlink = 1
        st_uid = attributes.owner
        st_gid = attributes.group
        st_size = Int(attributes.size)
        st_blksize = 4096
        st_blocks = Int((attributes.size + 511) / 512)
        let time = timespec(tv_sec: Int(attributes.modified.seconds), tv_nsec: Int(attributes.modified.fraction))
        st_mtim = time
        st_ctim = time
        st_atim = time
    }
}
