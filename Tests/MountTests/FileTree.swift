import Glibc

/// What a walk through a mount finds.
struct FileTree {
    struct Node {
        let path: String
        let status: stat
        /// Nil for a directory.
        let bytes: [UInt8]?
    }

    /// By the path below the mountpoint, as bytes: to Swift two spellings of é are one string.
    private(set) var nodes: [[UInt8]: Node] = [:]
    /// What broke a promise on the way: a size that was not exact, a name that was there twice.
    private(set) var faults: [String] = []

    /// Reads every directory and every file.
    init(_ mountpoint: String) throws {
        try walk(mountpoint, relative: "")
    }

    private mutating func walk(_ path: String, relative: String) throws {
        for (name, inode) in try File.entries(in: path) {
            let (path, relative) = (path + "/" + name, relative.isEmpty ? name : relative + "/" + name)
            let status = try File.status(path)
            if UInt64(status.st_ino) != inode { faults.append("\(relative): readdir and stat tell different inodes") }
            if name.utf8.count > 255 || name.unicodeScalars.contains(where: { $0.value == 0xfffd }) {
                faults.append("\(relative): no good name")
            }
            // A link to a view, which has tests of its own; walkers do not follow it either.
            if status.st_mode & S_IFMT == S_IFLNK { continue }
            var bytes: [UInt8]?
            if !status.isDirectory {
                let (read, opened) = try File.read(path)
                if read.count != Int(status.st_size) || opened != read.count {
                    faults.append("\(relative): stat says \(status.st_size), fstat \(opened), read gives \(read.count)")
                }
                bytes = read
            }
            if nodes.updateValue(Node(path: path, status: status, bytes: bytes), forKey: Array(relative.utf8)) != nil {
                faults.append("\(relative): listed twice")
            }
            if status.isDirectory { try walk(path, relative: relative) }
        }
    }

    /// The tree with every name reduced to its id, as `-o names=id` would list it.
    var withoutLabels: [[UInt8]: Node] {
        var bare: [[UInt8]: Node] = [:]
        for (path, node) in nodes {
            let names = path.split(separator: UInt8(ascii: "/")).map { name in
                name[(name.lastIndex(of: UInt8(ascii: "~")).map { $0 + 1 } ?? name.startIndex)...]
            }
            bare[Array(names.joined(separator: [UInt8(ascii: "/")]))] = node
        }
        return bare
    }
}
