internal import CMariaDB
private import Glibc
internal import SQL
internal import Timing

/// A connection of libmariadb: made with our options, closed with its last owner.
@safe
final class MySQLHandle {
    /// For ``MySQLStatement`` and nobody else outside this file.
    let mysql: UnsafeMutablePointer<MYSQL>
    let wait: MySQLWait
    /// For messages: `db:3306`, or the path of a socket.
    let place: String
    private let rejectsReadOnly: Bool
    /// Lost, or in a state that nobody knows: closed without another word.
    private(set) var isBroken = false

    /// The library is made ready once.
    private static let library: Bool = {
        // OpenSSL writes with write(2), which sends the signal when the server is gone.
        _ = signal(SIGPIPE, SIG_IGN)
        return mysql_server_init(0, nil, nil) == 0
    }()

    /// Connects.
    ///
    /// - Throws: `.unavailable`, `.denied`, `.disconnected`, `.expired` or `.cancelled`. No message holds the password.
    init(_ settings: MySQLSettings, _ patience: Patience) throws(SQLError) {
        guard Self.library, let mysql = unsafe mysql_init(nil) else {
            throw SQLError(.unavailable, message: "no memory for a connection")
        }
        unsafe self.mysql = mysql
        wait = MySQLWait(patience.atMost(settings.connectTimeout))
        place = settings.address.place
        rejectsReadOnly = settings.rejectsReadOnly
        prepare(settings)
        if case .tcp(let host, _) = settings.address { try HostLookup.find(host, wait.patience) }
        try connect(settings)
        wait.readLimit = settings.readTimeout
        wait.writeLimit = settings.writeTimeout
    }

    deinit {
        // What is lost need not be told so.
        if isBroken { unsafe _ = shutdown(mysql_get_socket(mysql), CInt(SHUT_RDWR)) }
        unsafe mysql_close(mysql)
    }

    private func prepare(_ settings: MySQLSettings) {
        // Pointers are turned into options at once; no call keeps them.
        unsafe mysql_options(mysql, MARIADB_OPT_IO_WAIT, unsafeBitCast(MySQLWait.callback, to: UnsafeRawPointer.self))
        // The callback knows better; where it is not asked these see to an end.
        set(MYSQL_OPT_CONNECT_TIMEOUT, CUnsignedInt(max(1, settings.connectTimeout.components.seconds)))
        set(MYSQL_OPT_LOCAL_INFILE, CUnsignedInt(0))
        set(MYSQL_OPT_RECONNECT, my_bool(0))
        set(MYSQL_SET_CHARSET_NAME, settings.characterSet)
        if settings.isCompressed { unsafe _ = mysql_options(mysql, MYSQL_OPT_COMPRESS, nil) }
        // "localhost" would mean a socket.
        let protocols = settings.address.isSocket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP
        set(MYSQL_OPT_PROTOCOL, CUnsignedInt(protocols.rawValue))
        // What a server may ask for: a wrong one could have the password in clear text, or ask for programs of ours.
        var methods = "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password"
        if settings.allowsCleartextPasswords { methods += ",mysql_clear_password" }
        set(MARIADB_OPT_RESTRICTED_AUTH, methods)
        if settings.encryption != .none {
            set(MYSQL_OPT_SSL_ENFORCE, my_bool(1))
            set(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, my_bool(settings.encryption == .verified ? 1 : 0))
            if settings.encryption == .verified, let authorities = settings.certificates.authorities {
                set(MYSQL_OPT_SSL_CA, authorities)
            }
            if let certificate = settings.certificates.certificate { set(MYSQL_OPT_SSL_CERT, certificate) }
            if let key = settings.certificates.key { set(MYSQL_OPT_SSL_KEY, key) }
        }
        var attributes = [MySQLSettings.Variable("program_name", "opencodefs")]
        attributes += settings.connectionAttributes
        for attribute in attributes {
            unsafe _ = attribute.name.withCString { name in
                unsafe attribute.value.withCString { value in
                    unsafe mysql_options4(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, name, value)
                }
            }
        }
    }

    private func set<Value: BitwiseCopyable>(_ option: mysql_option, _ value: Value) {
        unsafe withUnsafePointer(to: value) { unsafe _ = mysql_options(mysql, option, $0) }
    }

    private func set(_ option: mysql_option, _ text: String) {
        unsafe text.withCString { unsafe _ = mysql_options(mysql, option, $0) }
    }

    private func connect(_ settings: MySQLSettings) throws(SQLError) {
        let flags = UInt(CLIENT_FOUND_ROWS)
        let connected =
            switch settings.address {
            case .tcp(let host, let port):
                unsafe wait.during {
                    unsafe mysql_real_connect(
                        mysql, host, settings.user, settings.password, settings.database, CUnsignedInt(port), nil, flags
                    )
                }
            case .socket(let path):
                unsafe wait.during {
                    unsafe mysql_real_connect(
                        mysql, nil, settings.user, settings.password, settings.database, 0, path, flags)
                }
            }
        guard unsafe connected != nil else {
            throw unsafe failure(mysql_errno(mysql), while: .connecting)
        }
        unsafe MySQLWait.neverBlock(mysql_get_socket(mysql))
        // A server without TLS is talked to in plain text, and nobody says so.
        if settings.encryption.isRequired, unsafe mysql_get_ssl_cipher(mysql) == nil {
            isBroken = true
            throw SQLError(
                .unavailable, code: Int(CR_SSL_CONNECTION_ERROR),
                message:
                    "the server \(place) does not encrypt: switch on TLS there, or say tls=false in the DSN where the network is trusted"
            )
        }
    }

    /// Runs a statement of the driver's own, which has no values and no rows.
    func command(_ text: String) throws(SQLError) {
        try ready()
        let code = wait.during {
            var text = text
            return text.withUTF8 { bytes in
                unsafe bytes.withMemoryRebound(to: CChar.self) {
                    unsafe mysql_real_query(mysql, $0.baseAddress, UInt($0.count))
                }
            }
        }
        if code != 0 { throw unsafe failure(mysql_errno(mysql)) }
    }

    /// Whether an answer is still to be fetched.
    private var owesAnswer = false

    /// Sends a statement of the driver's own and does not wait for the answer: whoever works next fetches it, and it has
    /// come by then.
    func send(_ text: String) {
        do throws(SQLError) {
            try ready()
        } catch {
            isBroken = true
            return
        }
        let code = wait.during {
            var text = text
            return text.withUTF8 { bytes in
                unsafe bytes.withMemoryRebound(to: CChar.self) {
                    unsafe mysql_send_query(mysql, $0.baseAddress, UInt($0.count))
                }
            }
        }
        if code == 0 { owesAnswer = true } else { isBroken = true }
    }

    func ping() throws(SQLError) {
        try ready()
        if wait.during({ unsafe mysql_ping(mysql) }) != 0 { throw unsafe failure(mysql_errno(mysql)) }
    }

    /// To be called before each use of the library: the connection works as far as is known, nobody has given up, and no
    /// answer is left over.
    func ready() throws(SQLError) {
        if isBroken {
            throw SQLError(.disconnected, message: "the connection to \(place) is lost")
        }
        if let verdict = wait.patience.verdict { throw gaveUp(verdict == .cancelled ? .cancelled : .expired) }
        guard owesAnswer else { return }
        owesAnswer = false
        if wait.during({ unsafe mysql_read_query_result(mysql) }) != 0 {
            // It was a ROLLBACK, which fails only with the connection.
            let error = unsafe failure(mysql_errno(mysql))
            isBroken = true
            throw error
        }
    }

    enum Work {
        case connecting
        case working
    }

    /// What a call of the library that failed means, after it failed.
    func failure(_ code: CUnsignedInt, while work: Work = .working) -> SQLError {
        if let ending = wait.ending {
            isBroken = true
            return gaveUp(ending, while: work)
        }
        let failure = MySQLFailure(code)
        if failure.breaksConnection || (rejectsReadOnly && failure.kind == .readOnly) { isBroken = true }
        // The server waited for the lock, in whole seconds, for as long as we can wait.
        if code == 1205, wait.patience.deadline - .now < .seconds(1) {
            return SQLError(.busy, code: Int(code), message: failure.text)
        }
        return SQLError(failure, place: place, isConnecting: work == .connecting)
    }

    private func gaveUp(_ ending: MySQLWait.Ending, while work: Work = .working) -> SQLError {
        let what = work == .connecting ? "let us in" : "answer"
        return switch ending {
        case .cancelled: SQLError(.cancelled, message: "interrupted while the server \(place) was asked")
        case .expired: SQLError(.expired, message: "the server \(place) did not \(what) in time")
        case .silent(let limit):
            SQLError(
                .disconnected, message: "the server \(place) was silent for \(limit.components.seconds) s")
        }
    }
}

extension MySQLSettings.Address {
    /// For messages: `db:3306`, or the path of a socket.
    var place: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .socket(let path): path
        }
    }

    fileprivate var isSocket: Bool {
        if case .socket = self { true } else { false }
    }
}

extension MySQLSettings.Encryption {
    /// Whether a connection in plain text is none.
    fileprivate var isRequired: Bool {
        switch self {
        case .none, .preferred: false
        case .unverified, .verified: true
        }
    }
}
