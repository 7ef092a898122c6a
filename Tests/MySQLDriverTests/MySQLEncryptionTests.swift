import Foundation
import MySQLDriver
import SQL
import TestSupport
import Testing
import Timing

/// Whoever asks for a proven connection gets one, or none.
@Suite struct MySQLEncryptionTests {
    /// An authority, and what it has signed: a server's certificate for 127.0.0.1 and db.example.test, and a client's.
    private final class Authority {
        let directory: TemporaryDirectory

        init() throws {
            directory = try TemporaryDirectory()
            let made = try Run.shell(
                """
                set -e
                printf 'subjectAltName=DNS:db.example.test,IP:127.0.0.1\\nbasicConstraints=CA:FALSE\\n' > server.ext
                for authority in ca other; do
                    openssl req -x509 -newkey rsa:2048 -nodes -days 3 -keyout $authority.key -out $authority.pem \
                        -subj /CN=$authority
                done
                for name in server client; do
                    openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj /CN=$name
                done
                openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3 -extfile server.ext \
                    -out server.pem
                openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3 -out client.pem
                """, in: directory.path)
            guard made.status == 0 else { throw MariaDBServer.Failure.cannotInstall(made.errors) }
        }

        func bytes(_ name: String) throws -> [UInt8] {
            Array(try Data(contentsOf: URL(fileURLWithPath: directory.file(name))))
        }
    }

    private func server(_ authority: Authority, _ arguments: [String] = []) throws -> MariaDBServer {
        try MariaDBServer(
            ["--ssl-ca=@/ca.pem", "--ssl-cert=@/server.pem", "--ssl-key=@/server.key"] + arguments,
            files: [
                "ca.pem": authority.bytes("ca.pem"), "server.pem": authority.bytes("server.pem"),
                "server.key": authority.bytes("server.key"),
            ])
    }

    private static let cipher: SQLQuery =
        "SELECT variable_value <> '' FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'"

    @Test func `a connection is as proven as it is asked to be`() throws {
        let authority = try Authority()
        let server = try server(authority)
        let database = try server.database()
        let required = try server.database(requirement: "REQUIRE SSL")
        let known = try server.database(requirement: "REQUIRE X509")
        func connect(
            _ database: MariaDBDatabase, _ encryption: MySQLSettings.Encryption, to host: String = "127.0.0.1",
            trusting authorities: String? = nil, as client: String? = nil
        ) throws -> MySQLConnection {
            var settings = database.settings
            settings.address = .tcp(host: host, port: server.port)
            settings.encryption = encryption
            settings.certificates.authorities = authorities.map { authority.directory.file($0 + ".pem") }
            settings.certificates.certificate = client.map { authority.directory.file($0 + ".pem") }
            settings.certificates.key = client.map { authority.directory.file($0 + ".key") }
            return try MySQLConnection(settings, .lasting(.seconds(20)))
        }
        func refusal(_ body: @autoclosure () throws -> MySQLConnection) -> SQLError? {
            #expect(throws: SQLError.self) { _ = try body() }
        }
        #expect(try connect(database, .verified, trusting: "ca").integer(Self.cipher) == 1)
        #expect(try connect(database, .unverified).integer(Self.cipher) == 1)
        #expect(try connect(database, .preferred).integer(Self.cipher) == 1)
        #expect(try connect(database, .none).integer(Self.cipher) == 0)
        #expect(try connect(required, .verified, trusting: "ca").integer(Self.cipher) == 1)
        #expect(try connect(known, .verified, trusting: "ca", as: "client").integer(Self.cipher) == 1)
        // localhost is where the server is, and not what its certificate says.
        #expect(try connect(database, .unverified, to: "localhost").integer(Self.cipher) == 1)
        let refusals: [(SQLError?, SQLError.Kind)] = [
            (refusal(try connect(database, .verified, trusting: "other")), .unavailable),
            (refusal(try connect(database, .verified)), .unavailable),
            (refusal(try connect(database, .verified, to: "localhost", trusting: "ca")), .unavailable),
            (refusal(try connect(database, .verified, trusting: "absent")), .unavailable),
            (refusal(try connect(required, .none)), .denied),
            (refusal(try connect(known, .verified, trusting: "ca")), .denied),
        ]
        for (index, (error, kind)) in refusals.enumerated() {
            #expect(error?.kind == kind, "\(index): \(error?.message ?? "")")
            #expect(error?.message.contains("canary") == false)
        }
        #expect(refusals[0].0?.message.contains("TLS") == true)
    }

    @Test func `a server that does not encrypt is refused where encryption is asked for`() throws {
        let database = try MariaDBServer.shared().database()
        for encryption in [MySQLSettings.Encryption.verified, .unverified] {
            var settings = database.settings
            settings.encryption = encryption
            let error = #expect(throws: SQLError.self) { try MySQLConnection(settings, .lasting(.seconds(9))) }
            #expect(error?.kind == .unavailable)
        }
        var settings = database.settings
        settings.encryption = .preferred
        #expect(try MySQLConnection(settings, .lasting(.seconds(9))).integer(Self.cipher) == 0)
    }

    @Test func `a server that requires encryption lets no plain connection in`() throws {
        let authority = try Authority()
        let server = try server(authority, ["--require-secure-transport=ON"])
        let database = try server.database()
        let error = #expect(throws: SQLError.self) { try database.connect() }
        #expect(error?.kind == .unavailable || error?.kind == .denied)
        #expect(error?.message.contains("tls") == true || error?.message.contains("TLS") == true)
        var settings = database.settings
        settings.encryption = .verified
        settings.certificates.authorities = authority.directory.file("ca.pem")
        let text = SQLValue(String(repeating: "é🙂 abc ", count: 200_000))
        let connection = try MySQLConnection(settings, .lasting(.seconds(9)))
        try connection.run("CREATE TABLE t (s LONGTEXT)")
        try connection.run("INSERT INTO t VALUES (\(text))")
        #expect(try connection.column("SELECT s FROM t") == [text])
        // Patience ends also where the waiting is OpenSSL's.
        server.pause()
        connection.patience = .lasting(.milliseconds(400))
        var start = ContinuousClock.now
        #expect(#expect(throws: SQLError.self) { try connection.run("SELECT 1") }?.kind == .expired)
        #expect(ContinuousClock.now - start < .milliseconds(600))
        server.resume()
        let proxy = try TCPProxy(to: server.port)
        proxy.delay(.milliseconds(100))
        settings.address = .tcp(host: "127.0.0.1", port: proxy.port)
        Thread.detachNewThread {
            // The server's greeting has arrived, and its certificate has not.
            usleep(250_000)
            proxy.freeze()
        }
        start = .now
        let late = #expect(throws: SQLError.self) { try MySQLConnection(settings, .lasting(.milliseconds(800))) }
        #expect(late?.kind == .expired)
        #expect(ContinuousClock.now - start < .milliseconds(1000))
    }
}
