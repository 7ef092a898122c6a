internal import SessionModel

/// An object of a saved file that stands for a row: what our frame put in front of its text (rule R1), and the text.
struct SavedRow {
    let tree: JSONTree
    let object: JSONTree.Value
    /// How errors call it: `info`, `parts[3]`; nothing for the file as a whole.
    let path: String
    /// The members that are the row's text.
    let members: [JSONTree.Value]
    private let frame: [String: [UInt8]]
    private let keys: [String]

    /// - Parameter keys: of the frame. A text may have members called so too: the first of each is the frame's.
    init(_ object: JSONTree.Value, of tree: JSONTree, path: String, frame keys: [String]) throws(EditError) {
        guard tree.kind(of: object) == .object else { throw .member(path, "must be an object") }
        var members: [JSONTree.Value] = []
        var frame: [String: [UInt8]] = [:]
        for member in tree.children(of: object) {
            if let key = keys.first(where: { frame[$0] == nil && tree.hasKey(member, $0) }) {
                guard let text = tree.string(member) else {
                    throw .member(Self.join(path, key), "must be a text")
                }
                frame[key] = text
            } else {
                members.append(member)
            }
        }
        self.tree = tree
        self.object = object
        self.path = path
        self.members = members
        self.frame = frame
        self.keys = keys
    }

    /// What a member of the frame says; nil where the file has none.
    subscript(_ key: String) -> [UInt8]? { frame[key] }

    /// Refuses a member of the frame that is there and says something else.
    func expect(_ key: String, _ bytes: [UInt8]) throws(EditError) {
        guard let said = frame[key], !JSONText.isSameText(said, bytes) else { return }
        throw .member(
            Self.join(path, key), "is not the one that the file's place says",
            remedy: "leave it as it is or take it out")
    }

    /// The stored text, changed to say what the file says; nil where it does.
    ///
    /// - Parameter frame: the members that stand in front of the text in the file we show.
    func change(of text: [UInt8], framed frame: [(key: String, value: [UInt8])]) -> [UInt8]? {
        if standsAs(text, framed: frame) { return nil }
        guard let stored = JSONTree(stored: text) else { return newText(framed: frame) }
        return JSONMerge.text(
            of: stored, sayingMembers: members, of: tree, keeping: Set(keys.map { Array($0.utf8) }))
    }

    /// The text of a row that is new: byte for byte where it stands in our frame, without space where not.
    func newText(framed frame: [(key: String, value: [UInt8])]) -> [UInt8] {
        let prefix = MessageFile.opening(frame)
        let bytes = tree.bytes[tree.range(of: object)]
        guard bytes.starts(with: prefix) else { return tree.compactObject(members) }
        let rest = bytes.dropFirst(prefix.count)
        switch rest.first {
        case UInt8(ascii: ","): return [UInt8(ascii: "{")] + rest.dropFirst()
        case UInt8(ascii: "}") where rest.count == 1: return Array("{}".utf8)
        default: return tree.compactObject(members)
        }
    }

    /// Whether the file has this text in our frame, whatever it is: parts that are no JSON alone may be JSON there.
    private func standsAs(_ text: [UInt8], framed frame: [(key: String, value: [UInt8])]) -> Bool {
        let bytes = tree.bytes[tree.range(of: object)]
        let prefix = MessageFile.opening(frame)
        guard bytes.starts(with: prefix) else { return false }
        let rest = bytes.dropFirst(prefix.count)
        if text.elementsEqual("{}".utf8) { return rest.elementsEqual("}".utf8) }
        guard rest.first == UInt8(ascii: ",") else { return false }
        return rest.dropFirst().elementsEqual(text.first == UInt8(ascii: "{") ? text.dropFirst() : text[...])
    }

    /// `info` and `id` make `info.id`.
    static func join(_ path: String, _ key: String) -> String {
        path.isEmpty ? key : "\(path).\(key)"
    }
}
