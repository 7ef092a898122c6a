internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
package import VFS

extension SessionFileSystem {
    /// Set on a message whose file is no JSON (rule R6); the value is the first byte that is wrong.
    private static let malformed = Array("user.opencode.malformed".utf8)

    /// A file is parsed for its attribute up to this size.
    private static let parsedSize = windowSize

    package func extendedAttribute(
        _ name: [UInt8], of id: NodeID, for caller: Caller
    ) throws(Errno) -> [UInt8] {
        // The kernel asks for security.* at every open and write; that must cost nothing.
        guard name == Self.malformed else { throw .noData }
        return try perform("getxattr", id, nil, caller) { () throws(Failure) in
            guard let fault = try fault(in: id, caller) else { throw Failure(.noData, "no such attribute") }
            return Array("\(fault)".utf8)
        }
    }

    package func extendedAttributeNames(of id: NodeID, for caller: Caller) throws(Errno) -> [[UInt8]] {
        try perform("listxattr", id, nil, caller) { () throws(Failure) in
            try fault(in: id, caller) == nil ? [] : [Self.malformed]
        }
    }

    private func fault(in id: NodeID, _ caller: Caller) throws(Failure) -> Int? {
        let node = try node(id)
        guard case .message = node.place, let version = node.version, version.size <= Self.parsedSize else {
            return nil
        }
        // A version never changes, and tar, cp -a and ls ask this of every file.
        if let known = node.fault { return known }
        let bytes = version.size == 0 ? [] : try window(id, node.place, version, around: 0..<1, caller).bytes
        let fault = JSONText.fault(in: bytes)
        state.withLock { $0.nodes.setFault(id, fault) }
        return fault
    }
}
