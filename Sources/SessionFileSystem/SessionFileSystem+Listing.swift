internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
package import VFS

extension SessionFileSystem {
    package func openDirectory(_ id: NodeID, for caller: Caller) throws(Errno) -> HandleID {
        try perform("opendir", id, nil, caller) { () throws(Failure) in
            let place = try node(id).place
            guard place.isDirectory else { throw Failure(.notDirectory, "not a directory") }
            let lines = try lines(of: place, for: caller)
            return state.withLock { $0.handles.add(HandleTable.Directory(node: id, place: place, lines: lines)) }
        }
    }

    package func releaseDirectory(_ handle: HandleID) {
        state.withLock { $0.handles.remove(directory: handle) }
    }

    package func readDirectory(
        _ handle: HandleID, from position: Int, for caller: Caller, _ body: (DirectoryEntry, Entry?) -> Bool
    ) throws(Errno) {
        guard let opened = state.withLock({ $0.handles.directory(handle) }) else { throw .badHandle }
        try perform("readdir", opened.node, nil, caller) { () throws(Failure) in
            var lines = opened.lines
            if position == 0 {
                // rewinddir(3): the listing of now.
                if opened.isRead {
                    lines = try self.lines(of: opened.place, for: caller)
                    state.withLock { [lines] in $0.handles.setLines(handle, lines) }
                }
                state.withLock { $0.handles.setRead(handle) }
            }
            for index in position..<max(position, lines.count + 2) {
                guard index >= 2 else {
                    let special = DirectoryEntry(
                        name: index == 0 ? .current : .parent, kind: .directory, inode: opened.place.inode)
                    if !body(special, nil) { return }
                    continue
                }
                let line = lines[index - 2]
                guard let facts = line.facts else {
                    let shown = DirectoryEntry(name: line.name, kind: line.place.kind, inode: line.place.inode)
                    if !body(shown, nil) { return }
                    continue
                }
                let found = entry(line.place, facts, line.token)
                let shown = DirectoryEntry(
                    name: line.name, kind: found.attributes.kind, inode: found.attributes.inode)
                if !body(shown, found) {
                    forget(found.node, count: 1)
                    return
                }
            }
        }
    }

    private func lines(of place: Place, for caller: Caller) throws(Failure) -> [HandleTable.Line] {
        if let lines = try controlLines(of: place, caller.patience) { return lines }
        return try shown(try listing(of: place, for: caller), in: place)
    }

    /// A listing without what was renamed away or is still to be made, and with what only this mount knows.
    private func shown(_ lines: [HandleTable.Line], in directory: Place) throws(Failure) -> [HandleTable.Line] {
        state.withLock { state in
            let unsaved = state.unsaved(in: directory)
            let taken = Set(unsaved.map(\.name))
            return lines.filter { !state.isOutOfSight($0.place) && !taken.contains($0.name) } + unsaved
        }
    }

    /// Everything a directory shows, of one moment: the lines come from one transaction, or there is an error.
    private func listing(of place: Place, for caller: Caller) throws(Failure) -> [HandleTable.Line] {
        let patience = caller.patience
        let (token, catalog) = try catalog(patience)
        return switch place {
        case .root:
            if let root = layoutRoot {
                try derivedLines(of: root, patience)
            } else {
                try rootListing(catalog, token, patience)
            }
        case .project(let id): try projectListing(id, catalog, token, patience)
        case .archived(let id): try sessionLines(in: .archived(id), catalog, token, patience)
        case .children(let id): try sessionLines(in: .children(id), catalog, token, patience)
        case .session(let id): try sessionListing(id, catalog, token, patience)
        case .messages(let id): try messageListing(id, catalog, token, for: caller)
        case .control, .salvage, .trash: try controlLines(of: place, patience) ?? []
        case .derived(let view): try derivedLines(of: view, patience)
        case .projectFile, .sessionFile, .todos, .document, .message, .controlFile, .salvaged, .scratch: []
        }
    }

    private func rootListing(
        _ catalog: Catalog, _ token: ChangeToken, _ patience: Patience
    ) throws(Failure) -> [HandleTable.Line] {
        let lines = catalog.projectOrder.compactMap { catalog.projects[$0] }.map { project in
            line(
                name(of: project), .project(project.id),
                .directory(modified: Timestamp(milliseconds: catalog.updated(project.id))), token)
        }
        return lines
            + (try derivedEntries(of: .root, patience)).map { line($0.name, $0.place, $0.facts, token) }
    }

    private func projectListing(
        _ id: Project.ID, _ catalog: Catalog, _ token: ChangeToken, _ patience: Patience
    ) throws(Failure) -> [HandleTable.Line] {
        guard catalog.projects[id] != nil else { throw .noEntry }
        var lines = [
            line(.projectFile, .projectFile(id), try facts(of: .projectFile(id), catalog, token, patience), token)
        ]
        if !catalog.isEmpty(.archived(id)) {
            lines.append(
                line(.archived, .archived(id), try facts(of: .archived(id), catalog, token, patience), token))
        }
        return lines + (try sessionLines(in: .project(id), catalog, token, patience))
    }

    private func sessionLines(
        in directory: Catalog.Directory, _ catalog: Catalog, _ token: ChangeToken, _ patience: Patience
    ) throws(Failure) -> [HandleTable.Line] {
        let sessions = catalog.sessions(in: directory)
        let named = sessions.map { ($0, name(of: $0)) }
        // A name that was shown leads to its session for as long as the mount lives (rule N1).
        state.withLock { state in
            for (session, name) in named { state.shown[session.id, default: []].insert(name) }
        }
        return try reading(patience) { (snapshot) throws(StoreError) in
            try named.map { (session, name) throws(StoreError) in
                let modified = Timestamp(milliseconds: try updated(session, snapshot))
                return line(name, .session(session.id), .directory(modified: modified), token)
            }
        }
    }

    private func sessionListing(
        _ id: Session.ID, _ catalog: Catalog, _ token: ChangeToken, _ patience: Patience
    ) throws(Failure) -> [HandleTable.Line] {
        guard catalog.sessions[id] != nil else { throw .noEntry }
        if state.withLock({ $0.masks.hasHidden(id) }) {
            let order = try reading(patience) { (snapshot) throws(StoreError) in try snapshot.messageOrder(of: id) }
            noteMessages(order, of: id)
        }
        var candidates: [(FileName, Place)] = [
            (.sessionFile, .sessionFile(id)), (.todos, .todos(id)), (.messages, .messages(id)),
        ]
        let hasMadeChildren = state.withLock { $0.arrivals.isMade(.children(id), of: id) }
        if !catalog.isEmpty(.children(id)) || hasMadeChildren { candidates.append((.children, .children(id))) }
        var lines: [HandleTable.Line] = []
        // Before the messages that they are made from: rm -r takes things in this order, and looks each up once more.
        for (name, place, facts) in try derivedEntries(of: .session(id), patience) {
            let isHidden = state.withLock { $0.masks.isHidden(place, of: id, now: .now) }
            if !isHidden { lines.append(line(name, place, facts, token)) }
        }
        for (name, place) in candidates {
            // children/ is only among the candidates while there are any.
            let isHidden = state.withLock { $0.masks.isHidden(place, of: id, now: .now) }
            if isHidden, place != .children(id) { continue }
            do throws(Failure) {
                lines.append(line(name, place, try facts(of: place, catalog, token, patience), token))
            } catch {
                // Only a list of things to do may be missing, and the row of a session that is still to come; anything
                // else is an error of the whole listing.
                let mayBeMissing = place == .todos(id) || state.withLock { $0.arrivals[id]?.isStored == false }
                guard error.errno == .noEntry, mayBeMissing else { throw error }
            }
        }
        for document in try documents(of: id, patience) {
            let facts = Facts.file(FileVersion(of: document))
            lines.append(line(document.name.name, .document(document.name, of: id), facts, token))
        }
        return lines
    }

    private func messageListing(
        _ session: Session.ID, _ catalog: Catalog, _ token: ChangeToken, for caller: Caller
    ) throws(Failure) -> [HandleTable.Line] {
        guard catalog.sessions[session] != nil else { throw .noEntry }
        let extent = state.withLock { $0.habits.extent(of: session, for: caller.process, now: .now) }
        let known = keptMessages(of: session, token, areNamed: extent == .names)
        if extent == .names {
            if let known { return known }
            return try messageNames(of: session, caller.patience)
        }
        let lines = if let known { known } else { try describedMessages(of: session, token, caller.patience) }
        guard extent == .most else { return lines }
        return lines.dropLast(ListingHabits.tokens) + lines.suffix(ListingHabits.tokens).map(\.named)
    }

    /// The messages of a session as they were listed before in this state of the database; nil where that is not known.
    ///
    /// - Parameter areNamed: whether names are enough.
    private func keptMessages(
        of session: Session.ID, _ token: ChangeToken, areNamed: Bool
    ) -> [HandleTable.Line]? {
        state.withLock { state in
            guard let listing = state.listings.listing(of: session, at: token) else { return nil }
            let messages = state.names.messages(at: listing.places.lazy.map { Int($0) }, of: session)
            var lines: [HandleTable.Line] = []
            lines.reserveCapacity(listing.places.count)
            for (place, (id, name)) in zip(listing.places, messages) {
                guard let name, let version = listing[Int(place)] else { return nil }
                let line = line(name, .message(id, of: session), .file(version), token)
                lines.append(areNamed ? line.named : line)
            }
            return lines
        }
    }

    /// The messages of a session with what they are.
    @discardableResult
    func describedMessages(
        of session: Session.ID, _ token: ChangeToken, _ patience: Patience
    ) throws(Failure) -> [HandleTable.Line] {
        let (found, roles) = try reading(patience) { (snapshot) throws(StoreError) in
            // Begun anew with each reading: a store may have to read again.
            var found: [(id: Message.ID, order: Message.Order, version: FileVersion)] = []
            var roles: [Message.ID: [UInt8]?] = [:]
            try snapshot.messages(of: session) { (message) throws(StoreError) in
                found.append((message.id, message.order, MessageFile.version(of: message)))
                let isNamed = state.withLock { $0.names.isNamed(message.id, in: session) }
                if !isNamed { roles[message.id] = .some(try snapshot.role(of: message)) }
            }
            return (found, roles)
        }
        noteMessages(found.map { ($0.id, $0.order) }, of: session)
        return state.withLock { state in
            var listing = ListingCache.Listing(capacity: found.count)
            let lines = found.map { id, _, version in
                let place = Place.message(id, of: session)
                let name = self.name(of: id, in: session, role: roles[id] ?? nil, &state.names)
                let version = state.revised(version, of: place)
                if let position = state.names.place(of: id, in: session) { listing.append(position, version) }
                return line(name, place, .file(version), token)
            }
            if listing.places.count == lines.count { state.listings.keep(listing, of: session, at: token) }
            return lines
        }
    }

    /// The messages of a session by name.
    private func messageNames(
        of session: Session.ID, _ patience: Patience
    ) throws(Failure) -> [HandleTable.Line] {
        let isKnown = state.withLock { $0.names.knows(session) }
        let speakers = try reading(patience) { (snapshot) throws(StoreError) in
            guard isKnown else { return try snapshot.speakers(of: session) }
            // What has a name needs no other look at its row.
            var speakers: [Message.Speaker] = []
            for (id, order) in try snapshot.messageOrder(of: session) {
                let isNamed = state.withLock { $0.names.isNamed(id, in: session) }
                guard isNamed else { return try snapshot.speakers(of: session) }
                speakers.append(Message.Speaker(id: id, order: order, role: nil))
            }
            return speakers
        }
        noteMessages(speakers.map { ($0.id, $0.order) }, of: session)
        return state.withLock { state in
            speakers.map { speaker in
                let name = self.name(of: speaker.id, in: session, role: speaker.role, &state.names)
                return HandleTable.Line(
                    name: name, place: .message(speaker.id, of: session), facts: nil, token: .none)
            }
        }
    }

    private func line(_ name: FileName, _ place: Place, _ facts: Facts, _ token: ChangeToken) -> HandleTable.Line {
        HandleTable.Line(name: name, place: place, facts: facts, token: token)
    }
}
