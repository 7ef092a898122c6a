internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
package import VFS

/// Extended attributes of sessions and messages (rules R6 and R7).
extension SessionFileSystem {
    /// Ours all begin so. The kernel asks for `security.*` at every open and write; that must cost nothing.
    private static let prefix = Array("user.opencode.".utf8)

    /// Set on a message whose file is no JSON (rule R6); the value is the first byte that is wrong.
    private static let malformed = "malformed"

    /// A text is parsed for attributes up to this size.
    private static let parsedSize = windowSize

    package func extendedAttribute(
        _ name: [UInt8], of id: NodeID, for caller: Caller
    ) throws(Errno) -> [UInt8] {
        guard settings.tellsAttributes else { throw .notImplemented }
        guard name.starts(with: Self.prefix) else { throw .noData }
        let name = String(decoding: name.dropFirst(Self.prefix.count), as: UTF8.self)
        guard name == Self.malformed || ExtendedAttributes.names.contains(name) else { throw .noData }
        return try perform("getxattr", id, nil, caller) { () throws(Failure) in
            let value =
                if name == Self.malformed {
                    try fault(in: id, caller).map { Array("\($0)".utf8) }
                } else {
                    try attributes(of: id, caller)?[name]
                }
            guard let value else { throw Failure(.noData, "no such attribute") }
            return value
        }
    }

    package func extendedAttributeNames(of id: NodeID, for caller: Caller) throws(Errno) -> [[UInt8]] {
        guard settings.tellsAttributes else { throw .notImplemented }
        return try perform("listxattr", id, nil, caller) { () throws(Failure) in
            let isMalformed = try fault(in: id, caller) != nil
            let names = try attributes(of: id, caller)?.present ?? []
            return (names + (isMalformed ? [Self.malformed] : [])).map { Self.prefix + $0.utf8 }
        }
    }

    /// What a session's directory, its session.json or a message tells; nil for everything else, and for what no row
    /// holds yet.
    private func attributes(of id: NodeID, _ caller: Caller) throws(Failure) -> ExtendedAttributes? {
        let node = try node(id)
        switch node.place {
        case .session(let session), .sessionFile(let session):
            return try viewing(caller.patience) { (history) throws(ViewError) in
                try history.sessionRecord(session).map { (record) throws(ViewError) in
                    ExtendedAttributes(of: record, traits: try history.traits()[session])
                }
            }
        case .message(let message, let session):
            // A version never changes, and getfattr(1) asks for each attribute by itself.
            if let known = node.findings.attributes { return known }
            let attributes = try reading(caller.patience) { (snapshot) throws(StoreError) -> ExtendedAttributes? in
                guard let message = try snapshot.message(message, of: session) else { return nil }
                let octets = message.texts.first?.octets ?? 0
                let isColumns = if case .row = message.shape { true } else { false }
                let isParsed = !isColumns && octets <= Self.parsedSize
                return ExtendedAttributes(
                    of: message, role: try snapshot.role(of: message),
                    text: isParsed ? try snapshot.text(0, of: message, range: 0..<octets) : nil)
            }
            if let attributes { state.withLock { $0.nodes.setAttributes(id, attributes) } }
            return attributes
        case .root, .project, .projectFile, .archived, .todos, .document, .messages, .children, .control, .controlFile,
            .salvage, .salvaged, .scratch, .trash, .derived:
            return nil
        }
    }

    private func fault(in id: NodeID, _ caller: Caller) throws(Failure) -> Int? {
        let node = try node(id)
        guard case .message = node.place, let version = node.version, version.size <= Self.parsedSize else {
            return nil
        }
        // A version never changes, and tar, cp -a and ls ask this of every file.
        if let known = node.findings.fault { return known }
        let bytes = version.size == 0 ? [] : try window(id, node.place, version, around: 0..<1, caller).bytes
        let fault = JSONText.fault(in: bytes)
        state.withLock { $0.nodes.setFault(id, fault) }
        return fault
    }
}
