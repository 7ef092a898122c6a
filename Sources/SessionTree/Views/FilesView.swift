internal import SessionModel
internal import Timing
internal import VFS

/// `files/` of a session: what the Go OpenCode keeps of files that the agent touched, by their paths (rule R12).
///
/// The newest version has the file's own name, each older one `name@version`. A name that is a directory's too has all of its
/// versions behind `@`.
struct FilesView: DerivedTree {
    let session: Session.ID

    func entry(at path: [FileName], in history: any HistoryReading) throws(ViewError) -> DerivedEntry? {
        guard let owner = history.catalog.sessions[session] else { return nil }
        let files = FileTable(try history.fileRevisions(of: session))
        if path.isEmpty, files.directories.isEmpty {
            return .directory(modified: Timestamp(milliseconds: owner.updated))
        }
        if let newest = files.directories[path] { return .directory(modified: Timestamp(milliseconds: newest)) }
        guard let revision = files.revisions[path] else { return nil }
        var hash = ContentHash.combine(UInt64(bitPattern: revision.updated), UInt64(revision.octets))
        hash = ContentHash.combine(hash, ContentHash.value(of: revision.id.bytes))
        return .file(
            DerivedFile(
                .ranges(
                    DerivedFile.Ranges(size: revision.octets, digest: hash) {
                        [session] (range, history) throws(ViewError) in
                        try history.text(of: revision, in: session, range: range)
                    }), changed: Timestamp(milliseconds: revision.updated)))
    }

    func list(
        _ path: [FileName], in history: any HistoryReading
    ) throws(ViewError) -> [(name: FileName, kind: Attributes.Kind)] {
        let files = FileTable(try history.fileRevisions(of: session))
        var entries: [(name: FileName, kind: Attributes.Kind)] = []
        for (directory, _) in files.directories where !directory.isEmpty && directory.dropLast() == path[...] {
            if let name = directory.last { entries.append((name, .directory)) }
        }
        for (file, _) in files.revisions where file.dropLast() == path[...] {
            if let name = file.last { entries.append((name, .regular)) }
        }
        return entries.sorted { $0.name < $1.name }
    }
}

/// Where each version of each file stands.
private struct FileTable {
    /// Directories, by their paths, and when something in them changed last; the root among them when there is any file.
    private(set) var directories: [[FileName]: Int64] = [:]
    private(set) var revisions: [[FileName]: FileRevision] = [:]

    init(_ all: [FileRevision]) {
        var files: [[[UInt8]]: [FileRevision]] = [:]
        for revision in all {
            let path = Self.components(of: revision.path)
            files[path, default: []].append(revision)
            for depth in 0..<path.count {
                let directory = path[..<depth].map { FileName(escaping: $0) }
                directories[directory] = max(directories[directory] ?? .min, revision.updated)
            }
        }
        for (path, versions) in files {
            let directory = path.dropLast().map { FileName(escaping: $0) }
            guard let last = path.last else { continue }
            let plain = directory + [Self.name(last, version: nil)]
            for (number, revision) in versions.sorted(by: FileRevision.precedes).enumerated() {
                let isNewest = number == versions.count - 1 && directories[plain] == nil
                revisions[isNewest ? plain : directory + [Self.name(last, version: revision.version)]] = revision
            }
        }
    }

    /// The names in a path. One that begins at no root stands in a directory `.`, which no absolute path names.
    private static func components(of path: [UInt8]) -> [[UInt8]] {
        let names = path.split(separator: UInt8(ascii: "/")).map { Array($0) }
        let all = path.first == UInt8(ascii: "/") ? names : [[UInt8(ascii: ".")]] + names
        return all.isEmpty ? [[]] : all
    }

    /// A name in which an `@` of the file's own is `%40`: what stands behind one is always a version.
    private static func name(_ name: [UInt8], version: [UInt8]?) -> FileName {
        func escaped(_ bytes: [UInt8]) -> [UInt8] {
            FileName(escaping: bytes).bytes.flatMap { $0 == UInt8(ascii: "@") ? Array("%40".utf8) : [$0] }
        }
        let base = escaped(name)
        let whole = base + (version.map { [UInt8(ascii: "@")] + escaped($0) } ?? [])
        return FileName(bytes: whole) ?? FileName(escaping: name + [0] + (version ?? []))
    }
}
