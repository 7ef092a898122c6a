internal import SessionStore
internal import SessionTree
internal import VFS

/// Which place each node stands for, and how often the kernel looked it up.
///
/// The node of a file is one version of it: when the bytes change, the next lookup gives a new node (with the same
/// st_ino), so nothing the kernel keeps for the old one (size, times, pages) can mix with the new. A node outlives its
/// file: it goes when the kernel forgets it, not when it is unlinked.
struct NodeTable {
    /// A walk makes one for each file there is: what most of them do not need stands apart.
    struct Node {
        fileprivate(set) var place: Place
        /// Nil for a directory.
        let version: FileVersion?
        /// What the kernel has of it in its page cache.
        fileprivate(set) var pages = Pages.none
        /// Whether a program wrote here: stat(2) then tells of the file's newest version until the kernel looks it up
        /// again.
        fileprivate(set) var isWritten = false
        /// The state of the database in which the version was last found to be right, as the table counts them.
        fileprivate var validated: UInt64?
        fileprivate var lookups: UInt64 = 1
        private var kept: Kept?

        fileprivate init(_ place: Place, _ version: FileVersion?) {
            self.place = place
            self.version = version
        }

        /// What was found out about its bytes.
        fileprivate(set) var findings: Findings {
            get {
                switch kept {
                case .content(let content): Findings(content: content)
                case .findings(let findings): findings
                case nil: Findings()
                }
            }
            set {
                if let content = newValue.content, newValue.isNothingElse {
                    kept = .content(content)
                } else {
                    kept = .findings(newValue)
                }
            }
        }
    }

    struct Findings {
        /// What the bytes were when they were first read, to notice a change that times and lengths do not show.
        var content: Content?
        /// Where the bytes stop being JSON, once somebody has asked: nil inside when they do not.
        var fault: Int??
        /// What a message of this version tells of itself, once somebody has asked.
        var attributes: ExtendedAttributes?
        /// The bytes of a file that is made for each lookup (status.json): this version exists nowhere else.
        var ownBytes: [UInt8]?

        /// Whether there is nothing besides ``content``.
        fileprivate var isNothingElse: Bool { fault == nil && attributes == nil && ownBytes == nil }
    }

    private indirect enum Kept {
        /// As with most files that were read.
        case content(Content)
        case findings(Findings)
    }

    enum Pages {
        /// Nothing: nobody has opened the node yet.
        case none
        /// It is being given all of them, and must not ask for any meanwhile: nobody else may open the node.
        case underWay
        /// It asks for what it lacks.
        case its
    }

    struct Content {
        let hash: UInt64
        /// What a save is compared with.
        let base: Base
        var validated: ChangeToken
        var checked: ContinuousClock.Instant
    }

    private var nodes: [NodeID: Node] = [:]
    private var current: [Place: NodeID] = [:]
    /// Programs that want to write to a file whose node others have open.
    private var reservations: [Place: (process: Int32, until: ContinuousClock.Instant)] = [:]
    private var next: UInt64 = 2
    /// The state of the database that nodes were last found right in, and how many there were before it.
    private var state: (token: ChangeToken, number: UInt64) = (.none, 0)

    init() {
        nodes[.root] = Node(.root, nil)
        current[.root] = .root
    }

    subscript(_ id: NodeID) -> Node? {
        nodes[id]
    }

    /// The node that a lookup of this place gives now, if it was looked up before.
    func current(_ place: Place) -> (id: NodeID, node: Node)? {
        guard let id = current[place], let node = nodes[id] else { return nil }
        return (id, node)
    }

    var count: Int { nodes.count }

    /// The next lookup by a program gets a node that nobody else does.
    mutating func reserve(_ place: Place, for process: Int32, now: ContinuousClock.Instant) {
        reservations = reservations.filter { $0.value.until > now }
        guard process > 0 else { return }
        reservations[place] = (process, now + .seconds(1))
    }

    /// Counts a lookup of a place in the version it has now.
    mutating func look(
        at place: Place, version: FileVersion?, validated token: ChangeToken?, ownBytes: [UInt8]? = nil,
        for process: Int32 = 0
    ) -> NodeID {
        let validated = token.map { number(of: $0) }
        if let version, let reservation = reservations[place], reservation.process == process {
            reservations[place] = nil
            return add(place, version: version)
        }
        if let id = current[place], nodes[id]?.version == version {
            nodes[id]?.lookups += 1
            nodes[id]?.validated = validated
            return id
        }
        let id = take(Node(place, version))
        nodes[id]?.validated = validated
        if let ownBytes { nodes[id]?.findings.ownBytes = ownBytes }
        current[place] = id
        return id
    }

    /// Whether a node was found right in this state of the database, and in none since.
    func isRight(_ node: Node, at token: ChangeToken) -> Bool {
        node.validated == state.number && token == state.token
    }

    private mutating func number(of token: ChangeToken) -> UInt64 {
        if token != state.token { state = (token, state.number + 1) }
        return state.number
    }

    /// A node that no lookup finds, for a file that is being made. Counts a lookup.
    mutating func add(_ place: Place, version: FileVersion) -> NodeID {
        take(Node(place, version))
    }

    private mutating func take(_ node: Node) -> NodeID {
        let id = NodeID(rawValue: next)
        next += 1
        nodes[id] = node
        return id
    }

    mutating func countLookup(_ id: NodeID) {
        nodes[id]?.lookups += 1
    }

    /// What was written to a node is another file now: a temporary file was renamed, or what was made has a row.
    mutating func setWritten(_ id: NodeID, as place: Place) {
        guard let node = nodes[id] else { return }
        if current[node.place] == id { current[node.place] = nil }
        nodes[id]?.place = place
        nodes[id]?.isWritten = true
    }

    mutating func forget(_ id: NodeID, count: UInt64) {
        guard id != .root, let node = nodes[id] else { return }
        guard node.lookups <= count else {
            nodes[id]?.lookups -= count
            return
        }
        nodes[id] = nil
        if current[node.place] == id { current[node.place] = nil }
        guard nodes.capacity > 4096, nodes.count < nodes.capacity / 8 else { return }
        // A dictionary keeps its room. A walk over a million files should leave nothing behind.
        nodes = Dictionary(uniqueKeysWithValues: nodes.map { ($0.key, $0.value) })
        current = Dictionary(uniqueKeysWithValues: current.map { ($0.key, $0.value) })
    }

    mutating func setValidated(_ id: NodeID, _ token: ChangeToken) {
        let number = number(of: token)
        nodes[id]?.validated = number
    }

    mutating func setPages(_ id: NodeID, _ pages: Pages) {
        nodes[id]?.pages = pages
    }

    mutating func setContent(_ id: NodeID, _ content: Content) {
        nodes[id]?.findings.content = content
    }

    /// The next lookup of the place compares the bytes.
    mutating func setDoubtful(_ place: Place) {
        guard let id = current[place] else { return }
        nodes[id]?.findings.content?.checked = .now - .seconds(86_400)
    }

    mutating func setFault(_ id: NodeID, _ fault: Int?) {
        nodes[id]?.findings.fault = .some(fault)
    }

    mutating func setAttributes(_ id: NodeID, _ attributes: ExtendedAttributes) {
        nodes[id]?.findings.attributes = attributes
    }

    /// The next lookup of the place makes a new node: the kernel takes the old one for dead.
    mutating func retire(_ place: Place) {
        current[place] = nil
    }
}
