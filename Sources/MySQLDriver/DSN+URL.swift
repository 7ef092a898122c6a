/// A URL that names a server, for command lines and people:
///
///     mysql://[user[:password]@][host[:port]]/database[?param=value&...]
///     mysql:///path/of/socket/database
///
/// Its pieces are percent-encoded where they must be. The second form is how ``MySQLSettings/name`` writes a socket.
extension DSN {
    static let scheme = "mysql://"

    /// Whether a text is such a URL, well-formed or not, rather than a DSN or a path.
    package static func isURL(_ text: String) -> Bool {
        text.utf8.count >= scheme.utf8.count
            && zip(text.utf8, scheme.utf8).allSatisfy { $0 | ($0 >= 0x41 && $0 <= 0x5a ? 0x20 : 0) == $1 }
    }

    /// Whether a URL holds a password, so that it must not stand on a command line.
    package static func holdsPassword(url: String) -> Bool {
        let (authority, _) = url.utf8.dropFirst(scheme.utf8.count).slice.cut(at: UInt8(ascii: "?"))
        guard let at = authority.lastIndex(of: UInt8(ascii: "@")) else { return false }
        return authority[..<at].contains(UInt8(ascii: ":"))
    }

    /// - Parameter url: without the scheme.
    mutating func readURL(_ url: ArraySlice<UInt8>) throws(DSNError) {
        let (path, parameters) = url.cut(at: UInt8(ascii: "?"))
        var rest = path
        // The last @ before the last slash, as in a DSN: whoever forgets to escape one in a password is not sent elsewhere.
        guard let slash = rest.lastIndex(of: UInt8(ascii: "/")) else {
            throw DSNError("lacks the slash before the name of the database")
        }
        settings.database = try Self.decoded(rest[(slash + 1)...])
        rest = rest[..<slash]
        if let at = rest.lastIndex(of: UInt8(ascii: "@")) {
            let (user, password) = rest[..<at].cut(at: UInt8(ascii: ":"))
            settings.user = try Self.decoded(user)
            settings.password = try Self.decoded(password ?? [])
            namesUser = !user.isEmpty
            namesPassword = password != nil
            rest = rest[(at + 1)...]
        }
        namesAddress = !rest.isEmpty
        let address = try Self.decoded(rest)
        guard address.utf8.first != UInt8(ascii: "/") else {
            settings.address = .socket(path: address)
            try read(parameters: parameters ?? [])
            return
        }
        guard !address.utf8.contains(UInt8(ascii: "/")), !address.utf8.contains(UInt8(ascii: "(")) else {
            throw DSNError("is not of the form mysql://user@host:port/database")
        }
        if namesAddress { settings.address = try HostAndPort.read(address.utf8.slice) }
        try read(parameters: parameters ?? [])
    }

    private static func decoded(_ piece: ArraySlice<UInt8>) throws(DSNError) -> String {
        guard let bytes = PercentEncoding.decodePath(piece) else { throw DSNError("has a bad %-escape") }
        return try text(bytes)
    }
}

extension Sequence<UInt8> {
    fileprivate var slice: ArraySlice<UInt8> { Array(self)[...] }
}
