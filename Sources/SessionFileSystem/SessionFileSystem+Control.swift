internal import SessionModel
internal import SessionSearch
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
package import VFS

extension SessionFileSystem {
    /// A place in the control directory. It is there also while the database is not: that is when it is needed.
    func controlPlace(_ name: FileName, in directory: Place, _ patience: Patience) throws(Failure) -> Place? {
        switch directory {
        case .root: name == .control ? .control : nil
        case .control: controlEntries.first { $0.name == name }?.place
        case .salvage(let kind): .salvaged(kind, name)
        case .trash(let place): try trashPlace(name, in: place, patience)
        case .derived(let place): try derivedPlace(name, in: place, patience)
        default: nil
        }
    }

    /// What a place in the control directory is; nil for any other place.
    func controlFacts(of place: Place, _ patience: Patience) throws(Failure) -> Facts? {
        switch place {
        case .control: .directory(modified: errors.contents.last)
        case .controlFile(let file): try controlFile(file, patience)
        case .trash(let place): try trashFacts(of: place, patience)
        case .derived(let place): try derivedFacts(of: place, patience)
        default: try salvageFacts(of: place)
        }
    }

    /// What the control directory holds.
    private var controlEntries: [(name: FileName, place: Place)] {
        ControlFile.allCases.map { ($0.name, .controlFile($0)) }
            + SalvageKind.allCases.map { ($0.directory, .salvage($0)) } + [(.trash, .trash(.top))]
            + DerivedTrees.roots(in: .control).map { ($0.name, .derived($0.place)) }
    }

    /// What a directory of the control directory lists; nil for any other.
    func controlLines(of place: Place, _ patience: Patience) throws(Failure) -> [HandleTable.Line]? {
        switch place {
        case .control:
            var lines: [HandleTable.Line] = []
            for (name, place) in controlEntries {
                // Views need the database, and the directory is there without it.
                let facts = place.derived == nil ? try controlFacts(of: place, patience) : nil
                guard facts != nil || place.derived != nil else { continue }
                lines.append(HandleTable.Line(name: name, place: place, facts: facts, token: .none))
            }
            return lines
        case .salvage(let kind): return try salvageLines(kind)
        case .trash(let place): return try trashLines(place, patience)
        case .derived(let place): return try derivedLines(of: place, patience)
        default: return nil
        }
    }

    /// A file of the control directory, made for whoever asks.
    func controlFile(_ file: ControlFile, _ patience: Patience) throws(Failure) -> Facts {
        switch file {
        case .errors:
            let (bytes, last) = errors.contents
            return .made(FileVersion(of: bytes, changed: last), bytes: bytes)
        case .status:
            let bytes = try status(patience).document()
            return .made(
                FileVersion(
                    of: bytes,
                    changed: .epoch.advanced(byNanoseconds: Timestamp.now.nanoseconds / 1_000_000_000 * 1_000_000_000)),
                bytes: bytes)
        }
    }

    /// What `.opencodefs/status.json` and `opencodefs status` show.
    private func status(_ patience: Patience) throws(Failure) -> JSONObject {
        var status = JSONObject()
        switch settings.scope {
        case .all: status.add("Project", .string("all"))
        case .project(let id): status.add("Project", .string(id.bytes))
        }
        status.add(contentsOf: settings.description)
        let counted = attempt(patience)
        // After the attempt: it tells how the database is now.
        status.add(contentsOf: settings.condition())
        do throws(StoreError) {
            let facts = try store.facts()
            status.add("family", .array(facts.families.map { .string($0) }))
            var schema = JSONObject()
            schema.add("readable", .boolean(counted.reason == nil))
            schema.add("reason", counted.reason.map { .string($0) })
            schema.add("missing", .array(facts.missing.map { .string($0) }))
            status.add("schema", .object(schema))
            status.add("writable", .boolean(facts.readOnlyReason == nil))
            status.add("readOnlyReason", facts.readOnlyReason.map { .string($0) })
        } catch {
            let failure = Failure(error)
            var schema = JSONObject()
            schema.add("readable", .boolean(false))
            schema.add("reason", .string(failure.reason))
            status.add("schema", .object(schema))
        }
        if let counts = counted.value {
            var rows = JSONObject()
            rows.add("projects", .integer(counts.projects))
            rows.add("sessions", .integer(counts.sessions))
            rows.add("messages", .integer(counts.messages))
            rows.add("parts", .integer(counts.parts))
            status.add("counts", .object(rows))
        }
        status.add("size", .integer(settings.volume().used))
        status.add("search", settings.indexing().map { .object(Self.told($0)) })
        return status
    }

    /// What is told of the index of searches.
    private static func told(_ progress: SearchIndexer.Progress) -> JSONObject {
        var search = JSONObject()
        search.add("index", .string(progress.phase.rawValue))
        search.add("sessions", .integer(progress.sessions))
        search.add("of", .integer(progress.of))
        search.add("failure", progress.failure.map { .string($0) })
        return search
    }

    /// The counts, or why the database does not tell them.
    private func attempt(_ patience: Patience) -> (value: Counts?, reason: String?) {
        do throws(Failure) { return (try counts(patience), nil) } catch { return (nil, error.reason) }
    }

    func counts(_ patience: Patience) throws(Failure) -> Counts {
        do throws(StoreError) {
            let token = try store.changeToken(patience)
            if let kept = state.withLock({ $0.counts }), kept.token == token { return kept.value }
            let counts = try store.reading(patience) { (snapshot) throws(StoreError) in try snapshot.counts() }
            state.withLock { $0.counts = (token, counts) }
            return counts
        } catch {
            throw Failure(error)
        }
    }

    /// The counts, or what they were when they were last known: df is no reason to wait for a server that is away.
    private func lastCounts(_ patience: Patience) throws(Failure) -> Counts {
        do throws(Failure) {
            return try counts(patience)
        } catch {
            // A server that is away comes back; a file that is not there may never.
            guard !settings.condition().isEmpty, let kept = state.withLock({ $0.counts }) else { throw error }
            return kept.value
        }
    }

    package func statistics(for caller: Caller) throws(Errno) -> Statistics {
        try perform("statfs", .root, nil, caller) { () throws(Failure) in
            let volume = settings.volume()
            return Statistics(
                usedBytes: volume.used, freeBytes: volume.free, usedNodes: Int64(try lastCounts(caller.patience).rows))
        }
    }

    /// Where a node is, for people. What can only be asked of the database is left out.
    func path(of node: NodeID, _ name: FileName?) -> String {
        let (place, catalog) = state.withLock { ($0.nodes[node]?.place, $0.catalog?.value) }
        let base = place.map { path(of: $0, catalog) } ?? "?"
        guard let name else { return base }
        return base == "/" ? "/\(name)" : "\(base)/\(name)"
    }

    func path(of place: Place, _ catalog: Catalog? = nil) -> String {
        func project(_ id: Project.ID) -> String {
            "/" + (catalog?.projects[id].map { "\(name(of: $0))" } ?? "\(id)")
        }
        func session(_ id: Session.ID) -> String {
            guard let catalog, let session = catalog.sessions[id], let home = catalog.home(of: id) else {
                return "/…/\(id)"
            }
            return path(of: home.place, catalog) + "/\(name(of: session))"
        }
        return switch place {
        case .root: "/"
        case .project(let id): project(id)
        case .projectFile(let id): project(id) + "/project.json"
        case .archived(let id): project(id) + "/archived"
        case .session(let id): session(id)
        case .sessionFile(let id): session(id) + "/session.json"
        case .todos(let id): session(id) + "/todo.json"
        case .document(let name, let id): session(id) + "/\(name.name)"
        case .messages(let id): session(id) + "/messages"
        case .children(let id): session(id) + "/children"
        case .message(let id, let owner): session(owner) + "/messages/\(id).json"
        case .control: "/.opencodefs"
        case .controlFile(let file): "/.opencodefs/\(file.rawValue)"
        case .scratch: "/(temporary file)"
        case .salvage(let kind): "/.opencodefs/\(kind.directory)"
        case .salvaged(let kind, let name): "/.opencodefs/\(kind.directory)/\(name)"
        case .derived(let place): path(of: place, catalog)
        case .trash(let place):
            "/.opencodefs/trash" + (place.batch.map { "/\($0)" } ?? "") + place.path.map { "/\($0)" }.joined()
        }
    }
}
