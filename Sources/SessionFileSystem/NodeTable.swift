internal import SessionStore
internal import SessionTree
internal import VFS

/// Which place each node stands for, and how often the kernel looked it up.
///
/// The node of a file is one version of it: when the bytes change, the next lookup gives a new node (with the same
/// st_ino), so nothing the kernel keeps for the old one (size, times, pages) can mix with the new. A node outlives its
/// file: it goes when the kernel forgets it, not when it is unlinked.
struct NodeTable {
    struct Node {
        let place: Place
        /// Nil for a directory.
        let version: FileVersion?
        /// The state of the database in which the version was last found to be right.
        var validated: ChangeToken?
        /// What the bytes were when they were first read, to notice a change that times and lengths do not show.
        var content: Content?
        /// Where the bytes stop being JSON, once somebody has asked: nil inside when they do not.
        var fault: Int??
        /// The bytes of a file that is made for each lookup (status.json): this version exists nowhere else.
        var ownBytes: [UInt8]?
        fileprivate var lookups: UInt64 = 0
    }

    struct Content {
        let hash: UInt64
        var validated: ChangeToken
        var checked: ContinuousClock.Instant
    }

    private var nodes: [NodeID: Node] = [:]
    private var current: [Place: NodeID] = [:]
    private var next: UInt64 = 2

    init() {
        nodes[.root] = Node(place: .root, version: nil, lookups: 1)
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

    /// Counts a lookup of a place in the version it has now.
    mutating func look(
        at place: Place, version: FileVersion?, validated token: ChangeToken?, ownBytes: [UInt8]? = nil
    ) -> NodeID {
        if let id = current[place], nodes[id]?.version == version {
            nodes[id]?.lookups += 1
            nodes[id]?.validated = token
            return id
        }
        let id = NodeID(rawValue: next)
        next += 1
        nodes[id] = Node(place: place, version: version, validated: token, ownBytes: ownBytes, lookups: 1)
        current[place] = id
        return id
    }

    mutating func forget(_ id: NodeID, count: UInt64) {
        guard id != .root, let node = nodes[id] else { return }
        guard node.lookups <= count else {
            nodes[id]?.lookups -= count
            return
        }
        nodes[id] = nil
        if current[node.place] == id { current[node.place] = nil }
    }

    mutating func setValidated(_ id: NodeID, _ token: ChangeToken) {
        nodes[id]?.validated = token
    }

    mutating func setContent(_ id: NodeID, _ content: Content) {
        nodes[id]?.content = content
    }

    mutating func setFault(_ id: NodeID, _ fault: Int?) {
        nodes[id]?.fault = .some(fault)
    }

    /// The next lookup of the place makes a new node: the kernel takes the old one for dead.
    mutating func retire(_ place: Place) {
        current[place] = nil
    }
}
