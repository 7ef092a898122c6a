internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
internal import VFS

/// `.opencodefs/trash`: what is in it can be read, moved back (`SessionFileSystem+Restoring.swift`) and removed for good.
extension SessionFileSystem {
    private func trashIndex(_ patience: Patience) throws(Failure) -> TrashIndex {
        guard let trash = store.trash else { return TrashIndex([], naming: naming) }
        return try asking { () throws(StoreError) in
            let version = try trash.version(patience)
            if let index = state.withLock({ $0.trash.index(version) }) { return index }
            let whole = try trash.wholeItems(patience)
            let index = TrashIndex(
                try trash.batches(), showing: { whole.contains($0.id) || $0.isReplacedFile }, naming: naming,
                scope: settings.scope)
            state.withLock { $0.trash.keep(index, version) }
            return index
        }
    }

    /// The place that a name in the trash leads to; nil where it leads nowhere.
    func trashPlace(
        _ name: FileName, in directory: TrashPlace, _ patience: Patience
    ) throws(Failure) -> Place? {
        let index = try trashIndex(patience)
        if let place = index.child(name, of: directory) { return .trash(place) }
        let emptied = TrashPlace(
            batch: directory.batch ?? naming.number(in: name),
            path: directory == .top ? [] : directory.path + [naming.bare(name)])
        return state.withLock { $0.trash.isRecentlyEmptied(emptied, now: .now) } ? .trash(emptied) : nil
    }

    /// What a place in the trash is.
    ///
    /// - Throws: `.stale` where it is gone: whoever came by its path is to ask for that once more.
    func trashFacts(of place: TrashPlace, _ patience: Patience) throws(Failure) -> Facts {
        // Where it cannot be read it is listed all the same: what is beside it says why.
        if place == .top { return .directory(modified: newestBatch(patience)) }
        let index = try trashIndex(patience)
        guard place.item != nil else {
            if let modified = index.modified(place) { return .directory(modified: modified) }
            guard state.withLock({ $0.trash.isRecentlyEmptied(place, now: .now) }) else { throw .stale }
            return .directory(modified: .now)
        }
        guard let content = try trashed(place, index, patience) else { throw .stale }
        return .file(content.version)
    }

    private func newestBatch(_ patience: Patience) -> Timestamp {
        do throws(Failure) { return try trashIndex(patience).modified(.top) ?? .epoch } catch { return .epoch }
    }

    func trashLines(_ directory: TrashPlace, _ patience: Patience) throws(Failure) -> [HandleTable.Line] {
        let index = try trashIndex(patience)
        var lines: [HandleTable.Line] = []
        for child in index.children(of: directory) {
            let facts: Facts
            if child.place.item == nil {
                facts = .directory(modified: index.modified(child.place) ?? .epoch)
            } else if let content = try trashed(child.place, index, patience) {
                facts = .file(content.version)
            } else {
                // It does not hold the whole of a file.
                continue
            }
            lines.append(HandleTable.Line(name: child.name, place: .trash(child.place), facts: facts, token: .none))
        }
        return lines
    }

    // MARK: Reading

    /// What a file in the trash shows: the same as before its removal.
    private enum Trashed {
        case session(SessionRecord)
        case message(TrashedMessage)
        /// What a save replaced: the file as it would be if it were put back.
        case replaced(FileVersion, bytes: [UInt8])

        var version: FileVersion {
            switch self {
            case .session(let record):
                FileVersion(of: SessionFile.render(record), changed: Timestamp(milliseconds: record.updated))
            case .message(let trashed): MessageFile.version(of: trashed.message)
            case .replaced(let version, _): version
            }
        }
    }

    private func trashed(
        _ place: TrashPlace, _ index: TrashIndex, _ patience: Patience
    ) throws(Failure) -> Trashed? {
        guard let trash = store.trash, let item = place.item.flatMap({ index.item($0) }) else { return nil }
        if item.kind == .replaced { return try replaced(item, patience) }
        return try asking { () throws(StoreError) in
            if item.message != nil { return try trash.message(item, patience).map { .message($0) } }
            return try trash.session(item, patience).map { .session($0) }
        }
    }

    /// What a save replaced, as long as it can be put back: of several saves of one file the newest comes first, and what
    /// somebody else has changed since does not come back at all.
    private func replaced(_ item: TrashBatch.Item, _ patience: Patience) throws(Failure) -> Trashed? {
        do throws(RestoreError) {
            return try store.rehearsing([item], patience) { (snapshot) throws(StoreError) -> Trashed? in
                guard let id = item.message else {
                    guard let record = try snapshot.sessionRecord(item.session) else { return nil }
                    return .session(record)
                }
                guard let message = try snapshot.message(id, of: item.session) else { return nil }
                let bytes = try Self.rendered(message, try snapshot.texts(of: message)).bytes
                return .replaced(MessageFile.version(of: message), bytes: bytes)
            }
        } catch {
            switch error {
            case .taken, .homeless, .otherSchema, .store(.readOnly): return nil
            case .store(let error): throw Failure(error)
            }
        }
    }

    /// A window of a file in the trash.
    ///
    /// - Throws: `.stale` where it has another version, or is gone.
    func trashWindow(
        _ place: TrashPlace, _ version: FileVersion, around range: Range<Int>, _ patience: Patience
    ) throws(Failure) -> (offset: Int, bytes: [UInt8]) {
        guard let trash = store.trash, let content = try trashed(place, try trashIndex(patience), patience),
            content.version == version
        else { throw .stale }
        switch content {
        case .replaced(_, let bytes): return (0, bytes)
        case .session(let record): return (0, SessionFile.render(record))
        case .message(let trashed):
            let isWhole = version.size <= Self.windowSize
            let offset = isWhole ? 0 : range.lowerBound / Self.windowSize * Self.windowSize
            let end = isWhole ? version.size : min(max(offset + Self.windowSize, range.upperBound), version.size)
            let bytes = try asking { () throws(StoreError) in
                try MessageFile.layout(of: trashed.message).bytes(offset..<end) { (text, range) throws(StoreError) in
                    try trash.text(text, of: trashed, range: range, patience)[...]
                }
            }
            guard bytes.count == end - offset else { throw .stale }
            return (offset, bytes)
        }
    }

    // MARK: Removing for good

    func dropTrashed(_ name: FileName, in directory: TrashPlace, _ patience: Patience) throws(Failure) {
        guard let trash = store.trash, case .trash(let place) = try trashPlace(name, in: directory, patience) else {
            throw .noEntry
        }
        guard place.item != nil else { throw Failure(.isDirectory, "is a directory") }
        let items = try trashIndex(patience).items(at: place)
        let before = try asking { () throws(StoreError) in
            let version = try trash.version(patience)
            try trash.drop(items)
            return version
        }
        state.withLock { state in
            state.trash.remove(place, before: before, now: .now)
            state.nodes.retire(.trash(place))
        }
    }

    func removeTrashDirectory(_ name: FileName, in directory: TrashPlace, _ patience: Patience) throws(Failure) {
        guard case .trash(let place) = try trashPlace(name, in: directory, patience) else { throw .noEntry }
        guard place.item == nil else { throw Failure(.notDirectory, "not a directory") }
        guard try trashIndex(patience).isEmpty(place) else { throw Failure(.notEmpty, "it holds what rm took") }
        state.withLock { state in
            state.trash.setGone(place)
            state.nodes.retire(.trash(place))
        }
    }

    /// The items at a place of the trash and below it.
    func trashItems(at place: TrashPlace, _ patience: Patience) throws(Failure) -> [TrashBatch.Item] {
        try trashIndex(patience).items(at: place)
    }

    private func asking<Result>(_ body: () throws(StoreError) -> Result) throws(Failure) -> Result {
        do throws(StoreError) { return try body() } catch { throw Failure(error) }
    }
}

extension TrashBatch.Item {
    /// Whether a save replaced a file that can be shown: a message, or session.json.
    fileprivate var isReplacedFile: Bool {
        kind == .replaced && (message != nil || path.hasSuffix("/\(FileName.sessionFile)"))
    }
}

extension Naming {
    /// The number in the name of a batch.
    fileprivate func number(in name: FileName) -> Int64? {
        Int64("\(bare(name))")
    }
}
