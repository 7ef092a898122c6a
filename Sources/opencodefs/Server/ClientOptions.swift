internal import MySQLDriver

/// What `~/.my.cnf` says to every client of MariaDB and MySQL; nothing where there is no such file.
struct ClientOptions {
    private let file: OptionFile

    static var path: String { System.home + "/.my.cnf" }

    init() {
        file = OptionFile(System.contents(Self.path).map { String(decoding: $0, as: UTF8.self) } ?? "")
    }

    subscript(_ name: String) -> String? {
        file.options[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Nil where it names none. A socket is for this computer only.
    func address() throws(CommandFailure) -> MySQLSettings.Address? {
        let host = self["host"]
        if let socket = self["socket"], host == nil || host == "localhost" { return .socket(path: socket) }
        let port = self["port"]
        guard host != nil || port != nil else { return nil }
        guard let number = UInt16(port ?? "3306"), number > 0 else {
            throw CommandFailure(.usage, "\(Self.path): port must be a number from 1 to 65535")
        }
        return .tcp(host: host ?? "127.0.0.1", port: number)
    }

    /// As MariaDB's own programs understand it.
    var encryption: MySQLSettings.Encryption {
        if file.truth("ssl-verify-server-cert") == true { return .verified }
        return file.truth("ssl") == true ? .unverified : .none
    }
}
