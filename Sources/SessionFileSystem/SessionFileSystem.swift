private import Glibc
internal import SessionModel
package import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
package import VFS

/// OpenCode's history as a file system: keeps what the kernel knows in step with what the database holds.
///
/// Freshness is pulled, not pushed: the kernel believes a name for 0.1 s, and each question after that asks the database
/// for its change token (a microsecond) before it trusts anything kept here. A file's node is one version of its bytes,
/// so what the kernel caches for it never goes stale; see docs/decisions/0003-nodes-are-versions.md.
package final class SessionFileSystem: FileSystem {
    let store: any SessionStore
    let naming: Naming
    let settings: Settings
    let errors: ErrorLog
    /// Guards everything kept between requests. No database is asked while it is held.
    let state: Mutex<State>

    /// Held by whoever loads a window of a large message; nobody waits for it longer than they may.
    let loading = Mutex(())

    struct State: ~Copyable {
        var nodes = NodeTable()
        /// Versions whose bytes were seen to change although their times and lengths did not. They outlive the nodes: the
        /// kernel forgets the one it has just been given when it finds that it is another than before.
        var revisions: [Place: FileVersion] = [:]
        var handles = HandleTable()
        var habits = ListingHabits()
        var listings = ListingCache()
        var names: MessageNames
        var sessionNames = SessionNames()
        /// Names under which sessions were shown: a title may change while a program still uses the old name.
        var shown: [Session.ID: Set<FileName>] = [:]
        var masks = MaskTable()
        var drafts = DraftTable()
        var scratch = ScratchTable()
        var arrivals = ArrivalTable()
        /// Names that mkdir and mv gave: they stay, whatever the title becomes (rule N3).
        var given = GivenNames()
        var handedOut = HandedOut()
        /// What a save that could not be was kept as last.
        var lastKept: FileName?
        /// What the rows of messages held besides what their files showed, for those who remove a file before they write
        /// it anew (rule W6).
        var departed = DepartedMessages()
        var runs = RemovalRuns()
        var trash = TrashCache()
        var rendered = RenderedViews()
        /// Places whose views some thread makes.
        var beingMade: Set<DerivedPlace> = []
        var attachments = AttachmentCache()
        /// What rows say, as it was read last.
        var outline: Outline?
        /// The same with what no row holds yet.
        private(set) var catalog: (token: ChangeToken, value: Catalog)?
        /// How often that was forgotten.
        private(set) var catalogsForgotten = 0
        var counts: (token: ChangeToken, value: Counts)?
        /// The view that was read last, if any range of it can be had.
        var ranged: (place: DerivedPlace, version: FileVersion, ranges: DerivedFile.Ranges)?
        /// Of one session.
        var revisedFiles: (token: ChangeToken, session: Session.ID, value: [FileRevision])?
        var traits: (token: ChangeToken, value: [Session.ID: SessionTraits])?
        var searches = SearchCache()

        /// What no row holds is other than it was: a catalog that somebody makes meanwhile is of before.
        mutating func forgetCatalog() {
            catalog = nil
            catalogsForgotten += 1
        }

        /// - Parameter forgotten: how often a catalog had been forgotten when this one was begun.
        mutating func keep(_ catalog: Catalog, of outline: Outline, at token: ChangeToken, begunAfter forgotten: Int) {
            self.outline = outline
            if forgotten == catalogsForgotten { self.catalog = (token, catalog) }
        }

        /// A version that the rows describe, with the revision this mount knows of it.
        func revised(_ version: FileVersion, of place: Place) -> FileVersion {
            guard let known = revisions[place] else { return version }
            var candidate = version
            candidate.revision = known.revision
            return candidate == known ? known : version
        }

        /// A program has given a message its name (rule N3).
        mutating func name(_ message: Message.ID, _ name: FileName, in session: Session.ID) {
            names.add(message, name, ordinal: Naming.ordinal(in: name), in: session)
            listings.clear()
        }

        /// Takes note that a version has other bytes now: the next lookup gives a new node.
        mutating func revise(_ version: FileVersion, of place: Place) -> FileVersion {
            let next = version.revised()
            revisions[place] = next
            listings.clear()
            if nodes.current(place)?.node.version == version { nodes.retire(place) }
            return next
        }
    }

    package init(store: any SessionStore, settings: Settings) {
        self.store = store
        self.settings = settings
        naming = Naming(style: settings.style)
        state = Mutex(State(names: MessageNames(naming)))
        errors = ErrorLog(onError: settings.onError)
    }

    /// How long the kernel may answer a question by itself (rule R5 allows 0.2 s in all). What a node of a file is
    /// never changes, so its attributes may be kept for a day.
    static let nameValidity = 0.1
    static let versionValidity = 86_400.0

    /// How long a reader may wait for the database, and a writer for its lock.
    static let writePatience = Duration.seconds(5)

    /// Runs an operation; what it throws is written down once, here, and becomes an errno.
    func perform<Result>(
        _ operation: StaticString, _ node: NodeID, _ name: FileName? = nil, _ caller: Caller,
        _ body: () throws(Failure) -> Result
    ) throws(Errno) -> Result {
        do throws(Failure) {
            return try body()
        } catch {
            if !error.isEveryday, !error.isTold {
                errors.record(error, operation: operation, path: path(of: node, name), process: caller.process)
            }
            throw error.errno
        }
    }

    package func forget(_ node: NodeID, count: UInt64) {
        state.withLock { $0.nodes.forget(node, count: count) }
    }

    package func refuse(
        _ operation: StaticString, _ name: FileName?, in node: NodeID, for caller: Caller
    ) -> Errno {
        let failure = Failure(
            .notPermitted, "a history has no links and no devices",
            remedy: "copy the file instead")
        errors.record(failure, operation: operation, path: path(of: node, name), process: caller.process)
        return failure.errno
    }

    /// The history's outline, as of now.
    func catalog(_ patience: Patience) throws(Failure) -> (token: ChangeToken, value: Catalog) {
        do throws(StoreError) {
            let token = try store.changeToken(patience)
            if let kept = state.withLock({ $0.catalog }), kept.token == token { return kept }
            let (known, forgotten) = state.withLock { ($0.outline, $0.catalogsForgotten) }
            let outline = try store.reading(patience) { (snapshot) throws(StoreError) in
                try Outline(snapshot, since: known, settings.scope)
            }
            let value = self.catalog(of: outline)
            state.withLock { $0.keep(value, of: outline, at: token, begunAfter: forgotten) }
            return (token, value)
        } catch {
            throw Failure(error)
        }
    }

    /// Reads from the database in one transaction.
    func reading<Result>(
        _ patience: Patience, _ body: (any HistorySnapshot) throws(StoreError) -> Result
    ) throws(Failure) -> Result {
        do throws(StoreError) { return try store.reading(patience, body) } catch { throw Failure(error) }
    }

    /// Waits a moment for what another thread does.
    ///
    /// - Parameter reason: what did not come in time.
    func wait(
        _ patience: Patience, microseconds: UInt32 = 200, for reason: String = "the database did not answer in time"
    ) throws(Failure) {
        do throws(StoreError) { try patience.check(reason) } catch { throw Failure(error) }
        usleep(microseconds)
    }

    func node(_ id: NodeID) throws(Failure) -> NodeTable.Node {
        guard let node = state.withLock({ $0.nodes[id] }) else { throw .stale }
        return node
    }
}
