internal import Client
internal import SessionModel
internal import SessionTree
internal import Timing
internal import VFS

/// Lists directories of the tree.
enum ListDirectoryCommand: Command {
    static let name = "ls"
    static let summary = "list directories of the tree, without a mount"
    static let usage = ["[-l] [-a] [-R] [--json] [PATH...]"]
    static let long = CommandOption("long", "l", help: "mode, size in bytes, time and name")
    static let all = CommandOption("all", "a", help: "with . and ..")
    static let recursive = CommandOption("recursive", "R", help: "and all directories in them")
    static let options: [CommandOption] = [long, all, recursive, .json] + TreeSession.options
    static let details = """
        PATH is as in a mount, from its root on, which is listed without one. Names are in
        the order of their bytes. .opencodefs is there and not listed, as in a mount.
        """
    static let examples = [
        ("opencodefs ls", "the projects"),
        ("opencodefs ls -l .opencodefs/by/latest/", "what the session has that changed last"),
        ("opencodefs ls --json -R .opencodefs/trash", "what is in the trash, for scripts"),
    ]

    static func run(_ arguments: Arguments) throws(CommandFailure) -> ExitStatus {
        let session = try TreeSession(arguments, command: name, isReadOnly: true)
        defer { session.tree.close() }
        var listing = DirectoryListing(
            session: session, isLong: arguments.has(long), hasAll: arguments.has(all),
            isRecursive: arguments.has(recursive), isJSON: arguments.has(.json))
        return listing.run(arguments.operands)
    }
}

/// What ls(1) prints.
private struct DirectoryListing {
    let session: TreeSession
    let isLong: Bool
    let hasAll: Bool
    let isRecursive: Bool
    let isJSON: Bool
    private var values: [JSONObject.Value] = []
    private var status = ExitStatus.success
    /// Whether a directory is named before its lines, and set off from what stands above.
    private var isHeaded = false
    private var isFirst = true
    private let zone = TimeZoneRule()

    init(session: TreeSession, isLong: Bool, hasAll: Bool, isRecursive: Bool, isJSON: Bool) {
        self.session = session
        self.isLong = isLong
        self.hasAll = hasAll
        self.isRecursive = isRecursive
        self.isJSON = isJSON
    }

    private typealias Line = (name: String, node: HeldNode, target: String?)

    mutating func run(_ operands: [String]) -> ExitStatus {
        let words = operands.isEmpty ? ["."] : operands
        isHeaded = words.count > 1 || isRecursive
        var files: [Line] = []
        var directories: [(name: String, node: HeldNode)] = []
        for word in words.sorted(by: Self.precedes) {
            do throws(Errno) {
                let path = TreePath(word)
                // With -l a link is told of itself, as ls(1) does.
                let node = try session.client.node(at: path, followsLast: !isLong || path.needsDirectory)
                if node.isDirectory {
                    directories.append((word, node))
                } else {
                    files.append((word, node, try target(of: node)))
                }
            } catch {
                session.complain("cannot access '\(word)'", error)
                status = .usage
            }
        }
        if !files.isEmpty { show(files, in: nil) }
        for (name, node) in directories { list(name, node) }
        if isJSON {
            var document = JSONObject()
            document.add("entries", .array(values))
            session.progress.clear()
            Console.print(bytes: document.document())
        }
        return status
    }

    private mutating func list(_ path: String, _ directory: HeldNode) {
        var lines: [Line] = []
        do throws(Errno) {
            for entry in try session.client.list(directory) {
                do throws(Errno) {
                    let node = try session.client.node(of: entry, in: directory)
                    lines.append((entry.name.description, node, try target(of: node)))
                } catch {
                    // Gone since.
                    guard error == .noEntry else { throw error }
                }
            }
        } catch {
            session.complain("cannot open directory '\(path)'", error)
            if status == .success { status = .failure }
            return
        }
        lines.sort { Self.precedes($0.name, $1.name) }
        let special: [Line] = hasAll ? [(".", directory, nil), ("..", directory, nil)] : []
        show(special + lines, in: path)
        guard isRecursive else { return }
        for line in lines where line.node.isDirectory { list(joined(path, line.name), line.node) }
    }

    private func target(of node: HeldNode) throws(Errno) -> String? {
        guard node.kind == .link, isLong || isJSON else { return nil }
        return String(decoding: try session.client.target(of: node), as: UTF8.self)
    }

    private mutating func show(_ lines: [Line], in directory: String?) {
        if isJSON {
            values += lines.map { .object(json($0, path: directory.map { joined($0, "") } ?? "")) }
            return
        }
        var text = ""
        if isHeaded {
            if !isFirst { text += "\n" }
            if let directory { text += "\(directory):\n" }
        }
        isFirst = false
        let width = isLong ? lines.map { "\($0.node.attributes.size)".utf8.count }.max() ?? 0 : 0
        for line in lines {
            if isLong {
                let size = "\(line.node.attributes.size)"
                text +=
                    "\(mode(line.node.attributes)) \(String(repeating: " ", count: width - size.utf8.count))\(size) "
                text += "\(time(line.node.attributes)) "
            }
            text += line.name
            if isLong, let target = line.target { text += " -> \(target)" }
            text += "\n"
        }
        session.progress.clear()
        Console.print(bytes: Array(text.utf8))
    }

    private func json(_ line: Line, path: String) -> JSONObject {
        var entry = JSONObject()
        let attributes = line.node.attributes
        entry.add("path", .string(path == "./" ? line.name : path + line.name))
        entry.add("name", .string(line.name))
        let kind =
            switch attributes.kind {
            case .directory: "directory"
            case .regular: "file"
            case .link: "link"
            }
        entry.add("kind", .string(kind))
        entry.add("size", .integer(attributes.size))
        entry.add("modified", .string(attributes.modified.rfc3339))
        entry.add("target", line.target.map { .string($0) })
        return entry
    }

    /// `-rw-------`
    private func mode(_ attributes: Attributes) -> String {
        let letter =
            switch attributes.kind {
            case .directory: "d"
            case .regular: "-"
            case .link: "l"
            }
        return letter
            + zip(0..<9, "rwxrwxrwx").map { bit, letter in
                attributes.permissions >> (8 - UInt32(bit)) & 1 == 1 ? String(letter) : "-"
            }.joined()
    }

    /// `2026-11-18 10:15`
    private func time(_ attributes: Attributes) -> String {
        zone.time(attributes.modified.milliseconds).map { String(decoding: $0.dropLast(3), as: UTF8.self) } ?? "?"
    }

    private func joined(_ directory: String, _ name: String) -> String {
        directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
