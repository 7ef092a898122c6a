extension Identifier<Project> {
    /// The id as it may be shown: the Go OpenCode takes the address of a git remote for a project's id, and leaves in
    /// it who fetched and with which password (rule N4). The part before the last `@` of the host goes.
    package var withoutCredentials: Self {
        let scheme = Array("://".utf8)
        var start = bytes.startIndex
        if let index = bytes.indices.first(where: { bytes[$0...].starts(with: scheme) }),
            bytes[..<index].allSatisfy({ $0.isPartOfScheme })
        {
            start = index + scheme.count
        }
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.endIndex
        let authority = bytes[start..<end]
        guard let at = authority.lastIndex(of: UInt8(ascii: "@")) else { return self }
        // A directory's name may hold an @; an address has a path or a password.
        let isAddress = end < bytes.endIndex || start > bytes.startIndex || authority[..<at].contains(UInt8(ascii: ":"))
        guard isAddress else { return self }
        return Self(bytes: Array(bytes[..<start] + bytes[(at + 1)...]), isBlob: isBlob)
    }
}

extension UInt8 {
    fileprivate var isPartOfScheme: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || "+-.".utf8.contains(self)
    }
}
