/// Which server, who comes, and how: everything that a connection needs to know.
///
/// It holds a password: it is never printed. What may be shown of it is ``name``.
package struct MySQLSettings: Sendable, Hashable {
    package enum Address: Sendable, Hashable {
        case tcp(host: String, port: UInt16)
        case socket(path: String)
    }

    /// What the connection is proven to be.
    package enum Encryption: Sendable, Hashable {
        /// Plain text.
        case none
        /// Encrypted if the server can, plain text if not. Proves nothing.
        case preferred
        /// Encrypted; whose certificate that is, nobody asks.
        case unverified
        /// Encrypted, the server's certificate signed by an authority we trust and made out to its name.
        case verified
    }

    /// Files in PEM.
    package struct Certificates: Sendable, Hashable {
        /// The authorities to trust; nil for the system's.
        package var authorities: String?
        /// Ours, where the server asks for one.
        package var certificate: String?
        package var key: String?

        package init(authorities: String? = nil, certificate: String? = nil, key: String? = nil) {
            self.authorities = authorities
            self.certificate = certificate
            self.key = key
        }
    }

    package var address: Address
    package var user: String
    package var password: String
    package var database: String
    package var encryption = Encryption.none
    package var certificates = Certificates()
    /// How long connecting may take; a request's patience may end sooner.
    package var connectTimeout = Duration.seconds(30)
    /// How long the server may be silent while it is read from or written to; nil for as long as patience lasts.
    package var readTimeout: Duration?
    package var writeTimeout: Duration?
    /// Character set of what is sent, and the collation of it; utf8mb4 unless the DSN says otherwise.
    package var characterSet = "utf8mb4"
    package var collation: String?
    /// `SET name = value` for each connection, in this order; the values are SQL as the DSN has it.
    package var systemVariables: [Variable] = []
    /// The largest packet that is sent, in bytes; nil to ask the server.
    package var maxAllowedPacket: Int?
    package var isCompressed = false
    /// Whether a server that has become read-only is left for another connection (DSN: rejectReadOnly).
    package var rejectsReadOnly = false
    package var allowsCleartextPasswords = false
    /// What the server's list of sessions shows of us.
    package var connectionAttributes: [Variable] = []

    package struct Variable: Sendable, Hashable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(address: Address, user: String, password: String, database: String) {
        self.address = address
        self.user = user
        self.password = password
        self.database = database
    }

    /// What people and the mount table are shown, and what the trash remembers: `mysql://host:3306/database`, or
    /// `mysql:///path/of/socket/database`. No user and no password is in it.
    package var name: String {
        switch address {
        case .tcp(let host, let port):
            host.contains(":") ? "mysql://[\(host)]:\(port)/\(database)" : "mysql://\(host):\(port)/\(database)"
        case .socket(let path): "mysql://\(path)/\(database)"
        }
    }
}
