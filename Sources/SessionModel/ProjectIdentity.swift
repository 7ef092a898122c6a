/// What the Go OpenCode calls the project of a directory: the address of its git remote, or else its name.
///
/// Ours is what OpenCode writes, with two differences: `ssh://` goes as `https://` does, so that one repository has one
/// id however it was cloned, and who fetched with which password is no part of it (docs/decisions/0011). As OpenCode's
/// own spelling may be in a database, ``project(among:)`` knows all of them.
package struct ProjectIdentity: Sendable, Equatable {
    package let id: Project.ID
    /// As OpenCode spells it, but for credentials.
    private let spelling: Project.ID

    /// - Parameters:
    ///   - remote: `remote.origin.url`, as git tells it; nil or blank where there is none.
    ///   - directory: an absolute path.
    package init(remote: [UInt8]?, directory: String) {
        if let remote = remote.map(Self.trimmed), !remote.isEmpty {
            id = Project.ID(bytes: Self.normalised(remote))
            spelling = Project.ID(bytes: Self.spelled(remote)).withoutCredentials
        } else {
            let name = directory.split(separator: "/").last.map { Project.ID(String($0)) } ?? Project.ID("/")
            id = name.withoutCredentials
            spelling = id
        }
    }

    /// The identity that an id in a database, or an address that somebody typed, stands for.
    package init(_ id: Project.ID) {
        let trimmed = Self.trimmed(id.bytes)
        self.id = trimmed.isEmpty ? id : Project.ID(bytes: Self.normalised(trimmed))
        spelling = id.withoutCredentials
    }

    /// An id or address that somebody typed, without credentials, and otherwise as it was.
    package static func typed(_ text: String) -> String {
        let shown = Project.ID(text).withoutCredentials
        let identity = Self(Project.ID(text))
        // git@host:path is no longer an address without its beginning.
        return (Self(shown).id == identity.id ? shown : identity.id).description
    }

    /// Which of some projects this is: the one that OpenCode would take, or else one that is spelled otherwise.
    package func project(among ids: [Project.ID]) -> Project.ID? {
        for wanted in [spelling, id] where ids.contains(wanted) { return wanted }
        return ids.filter { Self($0).id == id }.min()
    }
}

extension ProjectIdentity {
    /// Without blanks around it, slashes at its end and one `.git`.
    private static func trimmed(_ address: [UInt8]) -> [UInt8] {
        let blanks = Array(" \t\r\n".utf8)
        let suffix = Array(".git".utf8)
        var rest = address[...]
        while let first = rest.first, blanks.contains(first) { rest.removeFirst() }
        while let last = rest.last, blanks.contains(last) { rest.removeLast() }
        while rest.last == UInt8(ascii: "/") { rest.removeLast() }
        if rest.suffix(suffix.count).elementsEqual(suffix) { rest.removeLast(suffix.count) }
        while rest.last == UInt8(ascii: "/") { rest.removeLast() }
        return Array(rest)
    }

    /// What OpenCode makes of an address (internal/db/project.go).
    private static func spelled(_ address: [UInt8]) -> [UInt8] {
        if let rest = address.dropping("git@") { return replacingFirstColon(rest) }
        return Array(address.dropping("https://") ?? address.dropping("http://") ?? address[...])
    }

    private static func normalised(_ address: [UInt8]) -> [UInt8] {
        if let rest = address.dropping("ssh://") {
            let (host, path) = split(withoutUser(rest))
            return Array((host.dropping(suffix: ":22") ?? host) + path)
        }
        if let rest = address.dropping("https://") ?? address.dropping("http://") { return Array(withoutUser(rest)) }
        let (host, path) = split(address[...])
        // git's short form of ssh://: somebody at a host, and a path behind a colon. What follows a password or is a
        // number is a port, in an id that OpenCode made of https://user:password@host:8443/path.
        if let at = host.lastIndex(of: UInt8(ascii: "@")), at > host.startIndex {
            let user = host[..<at]
            let rest = host[(at + 1)...]
            if !user.contains(UInt8(ascii: ":")), let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
                let isPort = rest[(colon + 1)...].allSatisfy { (0x30...0x39).contains($0) }
                if user.elementsEqual("git".utf8) || !isPort || path.isEmpty { return replacingFirstColon(rest + path) }
            }
        }
        return Project.ID(bytes: address).withoutCredentials.bytes
    }

    /// Without what stands before the last `@` of the host.
    private static func withoutUser(_ address: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let (host, path) = split(address)
        guard let at = host.lastIndex(of: UInt8(ascii: "@")) else { return address }
        return host[(at + 1)...] + path
    }

    /// The host with all that is said about it, and the path from its slash on.
    private static func split(_ address: ArraySlice<UInt8>) -> (host: ArraySlice<UInt8>, path: ArraySlice<UInt8>) {
        let slash = address.firstIndex(of: UInt8(ascii: "/")) ?? address.endIndex
        return (address[..<slash], address[slash...])
    }

    private static func replacingFirstColon(_ address: ArraySlice<UInt8>) -> [UInt8] {
        var bytes = Array(address)
        if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) { bytes[colon] = UInt8(ascii: "/") }
        return bytes
    }
}

extension RandomAccessCollection<UInt8> where SubSequence == ArraySlice<UInt8> {
    /// What follows a prefix; nil where it is not there.
    fileprivate func dropping(_ prefix: String) -> ArraySlice<UInt8>? {
        starts(with: prefix.utf8) ? dropFirst(prefix.utf8.count) : nil
    }

    /// What stands before a suffix; nil where it is not there.
    fileprivate func dropping(suffix: String) -> ArraySlice<UInt8>? {
        self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) ? dropLast(suffix.utf8.count) : nil
    }
}
