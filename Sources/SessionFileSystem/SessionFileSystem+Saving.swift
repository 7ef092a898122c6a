internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
internal import VFS

/// A text that is to become a file's.
struct Save {
    let bytes: [UInt8]
    let place: Place
    let base: Base
    /// The name it was written, or renamed, under.
    let name: FileName
    /// What utimens(2) asked for.
    let modified: Timestamp?
    /// Where it is, for the trash.
    let path: String
}

/// Commits (rules W2 to W6): what a text means is the tree's to say, how it is stored the store's.
extension SessionFileSystem {
    /// Makes a text the file's, durably.
    func commit(_ save: Save, _ caller: Caller) throws(Failure) {
        try refuseWhenReadOnly()
        let (_, catalog) = try catalog(caller.patience)
        let now = Timestamp.now.milliseconds
        do throws(Failure) {
            if case .document(let name, let session) = save.place {
                try saveDocument(name, of: session, save, catalog, caller.patience)
            } else {
                try change(save.path, caller) { (snapshot) throws(Refusal) in
                    try changes(save, catalog, snapshot, now)
                }
            }
        } catch {
            // Who is told to read it again must not get the old bytes, whatever the times say.
            if error.errno == .stale { state.withLock { $0.nodes.setDoubtful(save.place) } }
            throw error
        }
        noteSaved(save, caller)
    }

    /// Changes the history as `decide` says.
    ///
    /// - Throws: what `decide` refuses; nothing is changed then.
    func change(
        _ path: String, _ caller: Caller, _ decide: (any HistorySnapshot) throws(Refusal) -> [Change]
    ) throws(Failure) {
        var refusal: Failure?
        do throws(StoreError) {
            try store.apply(writing(path, caller)) { (snapshot) throws(StoreError) in
                refusal = nil
                do throws(Refusal) {
                    return try decide(snapshot)
                } catch {
                    switch error {
                    case .edit(let failure): refusal = failure
                    case .store(let error): throw error
                    }
                    return []
                }
            }
        } catch {
            throw Failure(error)
        }
        if let refusal { throw refusal }
    }

    private func changes(
        _ save: Save, _ catalog: Catalog, _ snapshot: any HistorySnapshot, _ now: Int64
    ) throws(Refusal) -> [Change] {
        switch save.place {
        case .message(let id, let session): try messageChanges(id, of: session, save, catalog, snapshot, now)
        case .sessionFile(let session): try sessionChanges(session, save, catalog, snapshot, now)
        case .todos(let session): try todoChanges(session, save, catalog, snapshot, now)
        case .projectFile(let project): try projectChanges(project, save, snapshot, now)
        case .root, .project, .archived, .session, .messages, .children, .document, .control, .controlFile, .salvage,
            .salvaged, .trash, .scratch, .derived:
            throw .edit(Failure(.notPermitted, "nothing is saved here"))
        }
    }

    private func messageChanges(
        _ id: Message.ID, of session: Session.ID, _ save: Save, _ catalog: Catalog, _ snapshot: any HistorySnapshot,
        _ now: Int64
    ) throws(Refusal) -> [Change] {
        let record = try looking { () throws(StoreError) in try snapshot.sessionRecord(session) }
        guard let message = try looking({ () throws(StoreError) in try snapshot.message(id, of: session) }) else {
            guard save.base == .absent else {
                throw .edit(.conflict("another program has removed the message meanwhile"))
            }
            var new = try editing { () throws(EditError) in
                try MessageEdit.newMessage(id, in: session, record?.generation ?? snapshot.generation, from: save.bytes)
            }
            new.modified = save.modified?.milliseconds
            new.ordinal = Naming.ordinal(in: save.name)
            new.hidden = state.withLock { $0.departed.columns(of: id, now: .now) }
            let arrival = record == nil ? try arrivalChanges(session, nil, catalog, snapshot, now) : []
            return arrival + [.insertMessage(new)]
        }
        let texts = try looking { () throws(StoreError) in try snapshot.texts(of: message) }
        let touched = save.modified.map { [Change.touchMessage(id, of: session, milliseconds: $0.milliseconds)] } ?? []
        let update = try editing { () throws(EditError) in
            try MessageEdit.changes(of: message, texts: texts, savedAs: save.bytes)
        }
        // It says what stands there: no change, whoever wrote it (rule W4).
        guard let update else { return touched }
        let isSame: Bool
        switch save.base {
        case .absent: isSame = false
        case .content(let digest):
            isSame = try looking { () throws(StoreError) in try Self.rendered(message, texts).digest } == digest
        case .version(let version): isSame = revised(MessageFile.version(of: message), of: save.place) == version
        }
        guard isSame else { throw .edit(.conflict("another program has changed the message since it was read")) }
        if let reason = MessageEdit.reasonInFlight(message, texts: texts, session: record, now: now) {
            throw .edit(Failure(.busy, reason, remedy: "save again when OpenCode has finished"))
        }
        return [.updateMessage(id, of: session, update)] + touched
    }

    /// The changes that make a session of what mkdir made, with its parents and its project where they have no row yet.
    ///
    /// - Parameter bytes: its session.json, where that is what came first.
    private func arrivalChanges(
        _ session: Session.ID, _ bytes: [UInt8]?, _ catalog: Catalog, _ snapshot: any HistorySnapshot, _ now: Int64
    ) throws(Refusal) -> [Change] {
        guard let arrival = state.withLock({ $0.arrivals[session] }), let home = home(arrival.home, catalog) else {
            throw .edit(Failure(.stale, "the session is gone", isNotable: true))
        }
        var changes: [Change] = []
        if case .children(let parent) = arrival.home,
            try looking({ () throws(StoreError) in try snapshot.sessionRecord(parent) }) == nil
        {
            // The project is one for all of them: it comes with the outermost.
            changes = try arrivalChanges(parent, nil, catalog, snapshot, now)
        } else if state.withLock({ $0.arrivals.projects[home.project] != nil }), snapshot.generation != .go,
            try looking({ () throws(StoreError) in try snapshot.projectRecord(home.project) }) == nil
        {
            let columns = try editing { () throws(EditError) in
                try ProjectEdit.newProject(home.project, from: nil, now: now)
            }
            changes = [.insertProject(home.project, columns)]
        }
        let title = state.withLock { $0.given[session] }.flatMap { Naming.title(in: $0) }
        let columns = try editing { () throws(EditError) in
            try SessionEdit.newSession(
                session, snapshot.generation, in: home, from: bytes, title: title, now: now,
                isKnown: { catalog.sessions[$0] != nil })
        }
        return changes + [.insertSession(session, columns)]
    }

    private func sessionChanges(
        _ session: Session.ID, _ save: Save, _ catalog: Catalog, _ snapshot: any HistorySnapshot, _ now: Int64
    ) throws(Refusal) -> [Change] {
        guard let record = try looking({ () throws(StoreError) in try snapshot.sessionRecord(session) }) else {
            return try arrivalChanges(session, save.bytes, catalog, snapshot, now)
        }
        // The row that was made up when a message came first has nobody's work in it.
        let isAwaited = state.withLock { $0.arrivals.isAwaited(save.place, of: session, now: .now) }
        let columns = try editing { () throws(EditError) in
            isAwaited
                ? try SessionEdit.changes(ofMadeUp: record, savedAs: save.bytes, now: now) {
                    catalog.sessions[$0] != nil
                }
                : try SessionEdit.changes(of: record, savedAs: save.bytes, now: now)
        }
        guard !columns.isEmpty else { return [] }
        guard isAwaited || save.base == .content(ContentHash.value(of: SessionFile.render(record))) else {
            throw .edit(.conflict("another program has changed the session since session.json was read"))
        }
        return [.updateSession(session, columns)]
    }

    private func todoChanges(
        _ session: Session.ID, _ save: Save, _ catalog: Catalog, _ snapshot: any HistorySnapshot, _ now: Int64
    ) throws(Refusal) -> [Change] {
        let hasRow = try looking { () throws(StoreError) in try snapshot.sessionRecord(session) } != nil
        let todos = try looking { () throws(StoreError) in try snapshot.todos(of: session) }
        let list = try editing { () throws(EditError) in try TodoEdit.changes(of: todos, savedAs: save.bytes) }
        let touched = save.modified.map { [Change.touchTodos(session, milliseconds: $0.milliseconds)] } ?? []
        guard let list else { return hasRow ? touched : [] }
        let current: Base = todos.isEmpty ? .absent : .content(ContentHash.value(of: TodoFile.render(todos)))
        guard save.base == current else {
            throw .edit(.conflict("another program has changed the list since todo.json was read"))
        }
        return (hasRow ? [] : try arrivalChanges(session, nil, catalog, snapshot, now)) + [.replaceTodos(session, list)]
            + touched
    }

    private func projectChanges(
        _ project: Project.ID, _ save: Save, _ snapshot: any HistorySnapshot, _ now: Int64
    ) throws(Refusal) -> [Change] {
        let row = try looking { () throws(StoreError) in try snapshot.projectRecord(project) }
        guard snapshot.generation != .go else {
            // It has no table of projects: what the file shows is the id.
            guard ContentHash.value(of: save.bytes) == ContentHash.value(of: ProjectFile.render(project, nil)) else {
                throw .edit(Failure(.notPermitted, "the Go OpenCode keeps nothing of a project but its id"))
            }
            return []
        }
        guard let row else {
            return [
                .insertProject(
                    project,
                    try editing { () throws(EditError) in
                        try ProjectEdit.newProject(project, from: save.bytes, now: now)
                    })
            ]
        }
        let columns = try editing { () throws(EditError) in
            try ProjectEdit.changes(of: project, row, savedAs: save.bytes, now: now)
        }
        guard !columns.isEmpty else { return [] }
        guard save.base == .content(ContentHash.value(of: ProjectFile.render(project, row))) else {
            throw .edit(.conflict("another program has changed the project since project.json was read"))
        }
        return [.updateProject(project, columns)]
    }

    /// Takes note of what is the database's now. What cannot be found out is left out: the text is saved.
    private func noteSaved(_ save: Save, _ caller: Caller) {
        if case .message(let id, let session) = save.place {
            try? setName(save.name, of: id, in: session, caller.patience)
        }
        let base = try? digest(after: save, caller)
        let program = caller.program
        state.withLock { state in
            switch save.place {
            case .message(let id, let session):
                state.departed.remove(id)
                state.noteArrival(of: .messages(session), session)
            case .sessionFile(let session), .todos(let session): state.noteArrival(of: save.place, session)
            // It needs no row: the session may be pending still.
            case .document(_, let session): state.arrivals.make(save.place, of: session, now: .now)
            case .projectFile(let project):
                state.arrivals.makeFile(of: project)
                state.masks.showFile(of: project)
            default: break
            }
            state.scratch.uncover(save.place)
            if let session = save.place.session { state.masks.show(save.place, of: session) }
            state.nodes.retire(save.place)
            if let base = base ?? nil {
                state.handedOut.note(base, save.place.inode, process: program)
            } else {
                state.handedOut.forget(save.place.inode)
            }
            state.forgetCatalog()
        }
    }

    /// What the next save of this mount is compared with: what it has just put there, unless somebody else has been
    /// quicker.
    private func digest(after save: Save, _ caller: Caller) throws(Failure) -> Base? {
        if case .document = save.place { return .content(ContentHash.value(of: save.bytes)) }
        let (_, catalog) = try catalog(caller.patience)
        return try reading(caller.patience) { (snapshot) throws(StoreError) -> Base? in
            guard case .message(let id, let session) = save.place else {
                return .content(ContentHash.value(of: try rendered(save.place, catalog, snapshot).bytes))
            }
            guard let message = try snapshot.message(id, of: session) else { return .absent }
            let texts = try snapshot.texts(of: message)
            let difference: MessageUpdate?
            do throws(EditError) {
                difference = try MessageEdit.changes(of: message, texts: texts, savedAs: save.bytes)
            } catch {
                return .absent
            }
            return difference == nil ? .content(try Self.rendered(message, texts).digest) : .absent
        }
    }

    /// The name a message was saved under stays its name (rule N3).
    private func setName(
        _ name: FileName, of id: Message.ID, in session: Session.ID, _ patience: Patience
    ) throws(Failure) {
        let knows = state.withLock { $0.names.knows(session) }
        if !knows { try number(session, patience) }
        state.withLock { state in
            // By its id alone it is found under any name: that gives it no other.
            let isBare = naming.style == .labels && name == bareName(of: id)
            if isBare, state.names.label(of: id, in: session) != nil { return }
            state.name(id, name, in: session)
        }
    }

    /// Where a session stands, as its row has it.
    func home(_ directory: Catalog.Directory, _ catalog: Catalog) -> SessionHome? {
        switch directory {
        case .project(let id):
            SessionHome(project: id, worktree: catalog.projects[id]?.worktree, parent: nil, isArchived: false)
        case .archived(let id):
            SessionHome(project: id, worktree: catalog.projects[id]?.worktree, parent: nil, isArchived: true)
        case .children(let parent):
            catalog.sessions[parent].map {
                SessionHome(
                    project: $0.project, worktree: catalog.projects[$0.project]?.worktree, parent: parent,
                    isArchived: false)
            }
        }
    }

    func looking<Answer>(_ question: () throws(StoreError) -> Answer) throws(Refusal) -> Answer {
        do throws(StoreError) { return try question() } catch { throw .store(error) }
    }

    func editing<Answer>(_ edit: () throws(EditError) -> Answer) throws(Refusal) -> Answer {
        do throws(EditError) { return try edit() } catch { throw .edit(Failure(error)) }
    }
}

/// Why a decision is none: the text is refused, or the database does not answer.
enum Refusal: Error {
    case edit(Failure)
    case store(StoreError)
}

extension Failure {
    static func conflict(_ reason: String) -> Failure {
        Failure(.stale, reason, remedy: "read it again, and make the change once more", isNotable: true)
    }
}

extension SessionFileSystem.State {
    /// A file of a session that mkdir made has its row.
    fileprivate mutating func noteArrival(of place: Place, _ session: Session.ID) {
        arrivals.setStored(session)
        arrivals.make(place, of: session, now: .now)
    }
}
