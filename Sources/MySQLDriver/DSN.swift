/// A data source name as github.com/go-sql-driver/mysql reads it (dsn.go, ParseDSN), which is what `OPENCODE_MYSQL_DSN`
/// and `sessionProvider.mysql.dsn` hold:
///
///     [username[:password]@][protocol[(address)]]/dbname[?param1=value1&...&paramN=valueN]
///
/// It holds a password, and a typing mistake makes any part of it the password: nothing that is said about it quotes it.
package struct DSN: Sendable {
    /// What it says; where it says nothing, Go's defaults, which are those of ``MySQLSettings`` too.
    package var settings = MySQLSettings(address: defaultAddress, user: "", password: "", database: "")
    /// What it says that means nothing here, a line for each, for people.
    package internal(set) var notes: [String] = []
    /// Whether it says who comes, with which password, where to, and how it is encrypted. What it does not, something else
    /// may.
    package internal(set) var namesUser = false
    package internal(set) var namesPassword = false
    package internal(set) var namesAddress = false
    package internal(set) var namesEncryption = false

    /// Reads a DSN, or a URL: what begins with `mysql://`.
    package init(_ text: String) throws(DSNError) {
        let bytes = Array(text.utf8)
        guard !bytes.contains(0) else { throw DSNError("holds a zero byte") }
        guard !Self.isURL(text) else {
            try readURL(bytes.dropFirst(Self.scheme.utf8.count))
            return
        }
        // Of the empty text Go makes a name without anything in it.
        guard !bytes.isEmpty else { return }
        // The last slash: a password may hold others.
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else {
            throw DSNError("lacks the slash before the name of the database")
        }
        var address = bytes[..<slash]
        // The last @: a password may hold others.
        if let at = address.lastIndex(of: UInt8(ascii: "@")) {
            readUser(address[..<at])
            address = address[(at + 1)...]
        }
        try readAddress(address)
        let (name, parameters) = bytes[(slash + 1)...].cut(at: UInt8(ascii: "?"))
        guard let database = PercentEncoding.decodePath(name) else {
            throw DSNError("has a bad %-escape in the name of the database")
        }
        settings.database = try Self.text(database)
        try read(parameters: parameters ?? [])
    }

    static let defaultPort: UInt16 = 3306
    static let defaultAddress = MySQLSettings.Address.tcp(host: "127.0.0.1", port: defaultPort)
    private static let defaultSocket = MySQLSettings.Address.socket(path: "/tmp/mysql.sock")

    private mutating func readUser(_ piece: ArraySlice<UInt8>) {
        // The first colon, and nothing is unescaped: every byte may stand in a password.
        let (user, password) = piece.cut(at: UInt8(ascii: ":"))
        settings.user = String(decoding: user, as: UTF8.self)
        settings.password = String(decoding: password ?? [], as: UTF8.self)
        namesUser = !user.isEmpty
        namesPassword = password != nil
    }

    private mutating func readAddress(_ piece: ArraySlice<UInt8>) throws(DSNError) {
        let (network, rest) = piece.cut(at: UInt8(ascii: "("))
        var address: ArraySlice<UInt8>?
        if let rest {
            guard rest.last == UInt8(ascii: ")") else {
                throw rest.contains(UInt8(ascii: ")"))
                    ? DSNError("has more after the address; is a / in a parameter not written as %2F?")
                    : DSNError("lacks the closing ) of the address")
            }
            address = rest.dropLast()
        }
        if address?.isEmpty == true { address = nil }
        namesAddress = address != nil
        switch String(decoding: network, as: UTF8.self) {
        case "", "tcp", "tcp4", "tcp6":
            settings.address =
                try address.map { piece throws(DSNError) in try HostAndPort.read(piece) }
                ?? Self.defaultAddress
        case "unix":
            settings.address =
                try address.map { piece throws(DSNError) in .socket(path: try Self.text(Array(piece))) }
                ?? Self.defaultSocket
            namesAddress = true
        default:
            throw DSNError("has an address that is neither tcp(host:port) nor unix(/path/of/socket)")
        }
    }

    /// Text for C, which ends it at a zero byte.
    static func text(_ bytes: [UInt8]) throws(DSNError) -> String {
        guard !bytes.contains(0) else { throw DSNError("holds a zero byte") }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What is wrong with a DSN or a URL: the rest of a sentence that begins with what it is called, `the DSN …`. It holds
/// nothing of it but names of parameters that everybody knows.
package struct DSNError: Error, Sendable, Equatable {
    package let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

extension ArraySlice<UInt8> {
    /// What stands before the first such byte, and what after it; nil where there is none.
    func cut(at byte: UInt8) -> (before: ArraySlice, after: ArraySlice?) {
        guard let index = firstIndex(of: byte) else { return (self, nil) }
        return (self[..<index], self[(index + 1)...])
    }
}
