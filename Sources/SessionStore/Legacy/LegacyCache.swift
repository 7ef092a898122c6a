internal import SessionModel
internal import Synchronization
internal import Timing

/// What is known of the files, as long as they are the same: a listing then looks at their times, and reads none again.
final class LegacyCache: Sendable {
    let files: any LegacyFiles
    /// Guards what is kept. No file is read inside.
    private let kept = Mutex(Kept())

    private struct Kept {
        var texts: [String: (stamp: LegacyStamp, text: LegacyText)] = [:]
        var objects: [String: (stamp: LegacyStamp, object: LegacyObject)] = [:]
        /// The text that was read last, for those who read a large one piece by piece.
        var last: (path: String, stamp: LegacyStamp, bytes: [UInt8])?
        var counts: (value: Counts, at: ContinuousClock.Instant)?
    }

    /// More texts are not described: then all begins anew.
    private static let most = 500_000
    /// A text is kept for the next reader from this size on.
    private static let large = 1 << 20

    init(_ files: any LegacyFiles) {
        self.files = files
    }

    func names(in directory: String) throws(StoreError) -> [String] {
        do throws(LegacyFilesError) { return try files.names(in: directory) } catch {
            throw .unavailable(reason: error.reason)
        }
    }

    /// The files of a directory: what each is called without `.json`, and the id that this stands for. In order of the ids.
    func entries<Entity>(
        in directory: String, of _: Entity.Type = Entity.self
    ) throws(StoreError) -> [(name: String, id: Identifier<Entity>)] {
        var entries: [(name: String, id: Identifier<Entity>)] = []
        for file in try names(in: directory) where file.hasSuffix(".json") && !file.hasPrefix(".") {
            let name = String(file.dropLast(".json".count))
            entries.append((name, try id(of: name, in: directory)))
        }
        return entries.sorted { $0.id < $1.id }
    }

    /// The id that the name of a file stands for.
    func id<Entity>(
        of name: String, in directory: String, _: Entity.Type = Entity.self
    ) throws(StoreError) -> Identifier<Entity> {
        guard LegacyName.isEscaped(name) else { return Identifier(name) }
        return LegacyName.id(name, said: try object(at: "\(directory)/\(name).json")?.text("id"))
    }

    /// What the file of an id is called in a directory, without `.json`. Nil where none is: not every id can be a name.
    func name<Entity>(of id: Identifier<Entity>, in directory: String) throws(StoreError) -> String? {
        if LegacyName.isPlain(id) { return "\(id)" }
        return try entries(in: directory, of: Entity.self).first { $0.id == id }?.name
    }

    /// The object in a small file; nil where there is none, or no file.
    func object(at path: String) throws(StoreError) -> LegacyObject? {
        guard let stamp = files.stamp(of: path) else { return nil }
        if let known = kept.withLock({ $0.objects[path] }), known.stamp == stamp { return known.object }
        guard let bytes = try contents(path), let object = LegacyObject(bytes, stamp) else { return nil }
        kept.withLock { $0.objects[path] = (stamp, object) }
        return object
    }

    /// What is known of a text without holding it; nil where there is no such file.
    ///
    /// - Parameter frame: keys that the row would have columns for.
    func describe(_ path: String, without frame: [String]) throws(StoreError) -> LegacyText? {
        guard let stamp = files.stamp(of: path) else { return nil }
        if let known = kept.withLock({ $0.texts[path] }), known.stamp == stamp { return known.text }
        guard let bytes = try contents(path) else { return nil }
        let (data, tree) = LegacyText.data(of: bytes, without: frame)
        let text = LegacyText(data, tree, stamp)
        kept.withLock { kept in
            if kept.texts.count >= Self.most { kept.texts = [:] }
            kept.texts[path] = (stamp, text)
        }
        return text
    }

    /// The text itself.
    ///
    /// - Parameter described: what was promised of it.
    func text(_ path: String, without frame: [String], _ described: StoredText) throws(StoreError) -> [UInt8] {
        let stamp = files.stamp(of: path)
        if let last = kept.withLock({ $0.last }), last.path == path, last.stamp == stamp { return last.bytes }
        guard let stamp, let bytes = try contents(path) else { throw .notFound }
        let data = LegacyText.data(of: bytes, without: frame).data
        guard data.count == described.octets else {
            throw .unavailable(reason: "\(path) changed while it was read; read it again")
        }
        if data.count >= Self.large { kept.withLock { $0.last = (path, stamp, data) } }
        return data
    }

    /// The counts, counted no more often than every ten seconds: that takes a look into each directory.
    func counts(_ count: () throws(StoreError) -> Counts) throws(StoreError) -> Counts {
        if let known = kept.withLock({ $0.counts }), ContinuousClock.now - known.at < .seconds(10) {
            return known.value
        }
        let value = try count()
        kept.withLock { $0.counts = (value, .now) }
        return value
    }

    func contents(_ path: String) throws(StoreError) -> [UInt8]? {
        do throws(LegacyFilesError) { return try files.contents(of: path) } catch {
            throw .unavailable(reason: error.reason)
        }
    }
}

/// A message's or part's text as its row in V1 would have it, described.
struct LegacyText: Sendable {
    let stored: StoredText
    /// What messages are ordered by, in milliseconds since 1970.
    let created: Int64
    let role: [UInt8]?

    init(_ data: [UInt8], _ tree: JSONTree?, _ stamp: LegacyStamp) {
        stored = StoredText(
            octets: data.count, beginning: Array(data.prefix(2)), updated: stamp.modified.milliseconds)
        let time = tree.flatMap { tree in tree.member("time", of: tree.root) }
        created =
            tree.flatMap { tree in
                time.flatMap { tree.member("created", of: $0) }.flatMap { tree.double($0) }
                    .flatMap { Int64(exactly: $0.rounded(.towardZero)) }
            } ?? stamp.modified.milliseconds
        role = tree.flatMap { tree in tree.member("role", of: tree.root).flatMap { tree.string($0) } }
    }

    /// The file without the members that are columns of a row, spaced as OpenCode stores it; as it stands, where it is no
    /// JSON object.
    static func data(of bytes: [UInt8], without frame: [String]) -> (data: [UInt8], tree: JSONTree?) {
        guard let tree = try? JSONTree(parsing: bytes), tree.kind(of: tree.root) == .object else { return (bytes, nil) }
        let members = tree.children(of: tree.root).filter { member in !frame.contains { tree.hasKey(member, $0) } }
        return (tree.compactObject(members), tree)
    }
}
