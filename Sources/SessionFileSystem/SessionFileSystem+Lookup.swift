internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
package import VFS

extension SessionFileSystem {
    package func lookup(_ name: FileName, in parent: NodeID, for caller: Caller) throws(Errno) -> Entry {
        try perform("lookup", parent, name, caller) { () throws(Failure) in
            let directory = try node(parent).place
            if case .derived(let view) = directory {
                guard let (place, facts) = try derivedEntry(name, in: view, caller.patience) else { throw .noEntry }
                return entry(.derived(place), facts, .none)
            }
            if let place = try controlPlace(name, in: directory, caller.patience),
                let facts = try controlFacts(of: place, caller.patience)
            {
                return entry(place, facts, .none)
            }
            if let (place, facts) = unsaved(name, in: directory) { return entry(place, facts, .none) }
            let (token, catalog) = try catalog(caller.patience)
            let place = try resolve(name, in: directory, catalog, caller.patience)
            if case .message(_, let session) = place { state.withLock { $0.habits.noteLook(at: session) } }
            let facts = try facts(of: place, catalog, token, caller.patience)
            return entry(place, facts, token, for: caller.process)
        }
    }

    /// What search tools and git ask for in each directory. No name of ours is spelled like it: in ids a leading dot is escaped
    /// (rule N4).
    private static let probed: Set<FileName> = [
        FileName(".gitignore"), FileName(".rgignore"), FileName(".fdignore"), FileName(".ignore"), FileName(".git"),
    ]

    package func isNeverMade(_ name: FileName, in parent: NodeID) -> Bool {
        guard Self.probed.contains(name) else { return false }
        return switch state.withLock({ $0.nodes[parent]?.place }) {
        case .root, .project, .archived, .children, .session, .messages: true
        default: false
        }
    }

    package func attributes(of id: NodeID, for caller: Caller) throws(Errno) -> (Attributes, validity: Double) {
        try perform("getattr", id, nil, caller) { () throws(Failure) in
            let node = try node(id)
            if let attributes = try unsavedAttributes(of: id, node, caller.patience) { return (attributes, 0) }
            if let version = node.version, !version.isGrowing {
                return (attributes(node.place, version), Self.versionValidity)
            }
            if case .derived(let view) = node.place {
                return (try derivedAttributes(of: view, node.version, caller.patience), Self.nameValidity)
            }
            if case .directory(let modified) = try controlFacts(of: node.place, caller.patience) {
                return (attributes(node.place, modified: modified), Self.nameValidity)
            }
            if node.place == .root {
                return (attributes(.root, modified: rootModified(caller.patience)), Self.nameValidity)
            }
            let (token, catalog) = try catalog(caller.patience)
            guard case .directory(let modified) = try facts(of: node.place, catalog, token, caller.patience) else {
                throw .noEntry
            }
            return (attributes(node.place, modified: modified), Self.nameValidity)
        }
    }

    /// The root's time, as last known while the database does not answer: whoever wants to read .opencodefs/errors.jsonl
    /// must get past it.
    private func rootModified(_ patience: Patience) -> Timestamp {
        func newest(_ catalog: Catalog) -> Timestamp {
            Timestamp(milliseconds: catalog.projectOrder.map { catalog.updated($0) }.max() ?? 0)
        }
        do throws(Failure) {
            return newest(try catalog(patience.atMost(.milliseconds(200))).value)
        } catch {
            return state.withLock { $0.catalog?.value }.map(newest) ?? .epoch
        }
    }

    /// The place a name leads to.
    ///
    /// - Throws: `.noEntry` where it leads nowhere, or to what was renamed away or is still to be made. Whether a message
    ///   exists is for ``facts(of:_:_:_:)`` to say.
    func resolve(
        _ name: FileName, in directory: Place, _ catalog: Catalog, _ patience: Patience
    ) throws(Failure) -> Place {
        let place = try stored(name, in: directory, catalog, patience)
        if state.withLock({ $0.isOutOfSight(place) }) { throw .noEntry }
        return place
    }

    /// The place that a name of ours leads to (rules N1 to N5), whether or not it shows.
    func stored(
        _ name: FileName, in directory: Place, _ catalog: Catalog, _ patience: Patience
    ) throws(Failure) -> Place {
        switch directory {
        case .root:
            if name == .control { return .control }
            if let root = layoutRoot {
                if let place = try derivedPlace(name, in: root, patience) { return place }
                // It is not listed, but links of the control directory lead there.
                return .project(try project(name, catalog))
            }
            if let view = DerivedTrees.root(name, in: .root) { return .derived(view) }
            return .project(try project(name, catalog))
        case .control, .salvage, .trash:
            guard let place = try controlPlace(name, in: directory, patience) else { throw .noEntry }
            return place
        case .project(let id):
            if name == .projectFile { return .projectFile(id) }
            if name == .archived { return try existing(.archived(id), in: catalog) }
            return .session(try session(name, in: .project(id), catalog))
        case .archived(let id): return .session(try session(name, in: .archived(id), catalog))
        case .children(let id): return .session(try session(name, in: .children(id), catalog))
        case .session(let id):
            switch name {
            case .sessionFile: return try visible(.sessionFile(id), of: id, patience)
            case .todos: return try visible(.todos(id), of: id, patience)
            case .messages: return try visible(.messages(id), of: id, patience)
            case .children:
                let isMade = state.withLock { $0.arrivals.isMade(.children(id), of: id) }
                let place = isMade ? .children(id) : try existing(.children(id), in: catalog)
                // A child that has come since it was removed brings it back.
                return catalog.isEmpty(.children(id)) ? try visible(place, of: id, patience) : place
            default:
                // Whether it is there is for its facts to say: nothing of it is asked twice.
                if settings.documents != nil, let document = DocumentName(name) { return .document(document, of: id) }
                guard let view = DerivedTrees.root(name, in: directory) else { throw .noEntry }
                return try visible(.derived(view), of: id, patience)
            }
        case .derived(let view):
            guard let place = try derivedPlace(name, in: view, patience) else { throw .noEntry }
            return place
        case .messages(let id): return .message(try message(name, of: id, patience), of: id)
        case .projectFile, .sessionFile, .todos, .document, .message, .controlFile, .salvaged, .scratch:
            throw Failure(.notDirectory, "not a directory")
        }
    }

    private func project(_ name: FileName, _ catalog: Catalog) throws(Failure) -> Project.ID {
        let found: Project? =
            switch naming.identifier(in: name, of: Project.self) {
            case .none: nil
            case .id(let id): catalog.projects[id]
            case .cut:
                catalog.projects.values.first { naming.matches(name, canonical: self.name(of: $0), former: []) }
            }
        guard let found, naming.matches(name, canonical: self.name(of: found), former: []) else { throw .noEntry }
        return found.id
    }

    private func session(
        _ name: FileName, in directory: Catalog.Directory, _ catalog: Catalog
    ) throws(Failure) -> Session.ID {
        let found: Session? =
            switch naming.identifier(in: name, of: Session.self) {
            case .none: nil
            case .id(let id): catalog.sessions[id]
            case .cut:
                catalog.sessions(in: directory).first {
                    naming.matches(name, canonical: self.name(of: $0), former: shownNames(of: $0.id))
                }
            }
        guard let found, catalog.home(of: found.id) == directory,
            naming.matches(name, canonical: self.name(of: found), former: shownNames(of: found.id))
        else { throw .noEntry }
        return found.id
    }

    func shownNames(of session: Session.ID) -> Set<FileName> {
        state.withLock { $0.shown[session] ?? [] }
    }

    private func message(
        _ name: FileName, of session: Session.ID, _ patience: Patience
    ) throws(Failure) -> Message.ID {
        switch naming.message(in: name) {
        case .none: throw .noEntry
        case .id(let id):
            // By the id alone no number is needed, and most files that do not exist are told apart here.
            if name == bareName(of: id) { return id }
            guard naming.style == .labels, try canonicalName(of: id, in: session, patience) == name else {
                throw .noEntry
            }
            return id
        case .cut:
            let order = try number(session, patience)
            for (id, _) in order {
                let canonical = try canonicalName(of: id, in: session, patience)
                if canonical == name || bareName(of: id) == name { return id }
            }
            throw .noEntry
        }
    }

    func bareName(of message: Message.ID) -> FileName {
        naming.bare(naming.name(of: message, ordinal: 0, role: nil))
    }

    /// The name of a message as listings show it; nil where there is no such message. The database is asked for a name that is
    /// not known yet.
    func canonicalName(
        of id: Message.ID, in session: Session.ID, _ patience: Patience
    ) throws(Failure) -> FileName? {
        if let name = state.withLock({ $0.names.label(of: id, in: session)?.name }) { return name }
        if state.withLock({ $0.names.label(of: id, in: session) == nil }) {
            // In a reading of its own: one that has to be begun anew would number what it should not have seen.
            try number(session, patience)
            guard state.withLock({ $0.names.label(of: id, in: session) != nil }) else { return nil }
        }
        return try reading(patience) { (snapshot) throws(StoreError) in try name(of: id, in: session, snapshot) }
    }

    /// The same, for who has a snapshot at hand.
    func name(
        of id: Message.ID, in session: Session.ID, _ snapshot: any HistorySnapshot
    ) throws(StoreError) -> FileName? {
        var label = state.withLock { $0.names.label(of: id, in: session) }
        if label == nil {
            noteMessages(try snapshot.messageOrder(of: session), of: session)
            label = state.withLock { $0.names.label(of: id, in: session) }
        }
        guard let label else { return nil }
        if let name = label.name { return name }
        guard let message = try snapshot.message(id, of: session) else { return nil }
        let role = try snapshot.role(of: message)
        return state.withLock { name(of: id, in: session, role: role, &$0.names) }
    }

    /// The name of a message that is numbered: the one it has, or the one it gets by its role.
    func name(
        of id: Message.ID, in session: Session.ID, role: [UInt8]?, _ names: inout MessageNames
    ) -> FileName {
        let label = names.label(of: id, in: session)
        if let name = label?.name { return name }
        names.setRole(role, of: id, in: session)
        return naming.name(of: id, ordinal: label?.ordinal ?? 0, role: role)
    }

    /// Numbers a session's messages.
    @discardableResult
    func number(
        _ session: Session.ID, _ patience: Patience
    ) throws(Failure) -> [(id: Message.ID, order: Message.Order)] {
        let order = try reading(patience) { (snapshot) throws(StoreError) in
            try snapshot.messageOrder(of: session)
        }
        noteMessages(order, of: session)
        return order
    }

    /// Takes note of all messages of a session; a new one brings back what `rm -r` had hidden.
    func noteMessages(_ order: [(id: Message.ID, order: Message.Order)], of session: Session.ID) {
        state.withLock { state in
            let isNew = state.names.number(order, of: session)
            let messagesAreHidden = state.masks.isHidden(.messages(session), of: session, now: .now)
            if isNew || (messagesAreHidden && !order.isEmpty) { state.masks.reveal(session) }
        }
    }

    private func existing(_ directory: Catalog.Directory, in catalog: Catalog) throws(Failure) -> Place {
        let isRecent = state.withLock { $0.masks.isRecentlyEmptied(directory, now: .now) }
        guard !catalog.isEmpty(directory) || isRecent else { throw .noEntry }
        return directory.place
    }

    /// A place inside a session, unless `rm -r` has hidden it.
    private func visible(_ place: Place, of session: Session.ID, _ patience: Patience) throws(Failure) -> Place {
        guard state.withLock({ $0.masks.isHidden(place, of: session, now: .now) }) else { return place }
        _ = try number(session, patience)
        guard !state.withLock({ $0.masks.isHidden(place, of: session, now: .now) }) else { throw .noEntry }
        return place
    }
}
