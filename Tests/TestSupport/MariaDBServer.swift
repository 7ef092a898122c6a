import Foundation
import MySQLDriver
import SQL
import Synchronization
import Timing

/// A MariaDB server of the tests' own, on a port of the loopback interface and on a socket.
///
/// It dies with the test process, however that ends, and its directory goes with it. No server of the machine is used.
package final class MariaDBServer: Sendable {
    package enum Failure: Error {
        case cannotStart(log: String)
        case cannotInstall(String)
    }

    /// What runs at the moment.
    private struct Running {
        var process: pid_t = 0
        var databases = 0
    }

    package let port: UInt16
    package let directory: String
    /// Arguments of mariadbd beside ours.
    package let arguments: [String]
    private let running = Mutex(Running())

    package var socket: String { directory + "/my.sock" }
    private var data: String { directory + "/data" }
    private var log: String { directory + "/error.log" }

    /// The one server of this process, started by whoever asks first.
    package static func shared() throws -> MariaDBServer {
        try sharedServer.get()
    }

    /// Of every user of every database: hostile to whoever takes a DSN apart, and easy to find where it must not be.
    package static let password = "canary-p@ss:w/ord"

    private static let sharedServer = Result { try MariaDBServer() }

    /// Starts a server of its own for tests that stop it, or that need other settings.
    ///
    /// - Parameters:
    ///   - arguments: of mariadbd: `--sql-mode=ANSI`.
    ///   - files: to put into its directory before it starts, which `@` stands for in the arguments: certificates.
    package init(_ arguments: [String] = [], files: [String: [UInt8]] = [:]) throws {
        var template = Array("/var/tmp/opencodefs-mariadb.XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw CocoaError(.fileWriteUnknown) }
        let directory = String(cString: made)
        self.directory = directory
        self.arguments = arguments.map { $0.replacingOccurrences(of: "@", with: directory) }
        port = try Self.freePort()
        try Anchor.hold(directory)
        chmod(directory, 0o755)
        for (name, bytes) in files { try Data(bytes).write(to: URL(fileURLWithPath: directory + "/" + name)) }
        let user = Self.user
        if let user {
            for name in [""] + files.keys.map({ "/" + $0 }) { chown(directory + name, user.pw_uid, user.pw_gid) }
        }
        let install = try Run.program(
            "mariadb-install-db",
            [
                "--no-defaults", "--datadir=\(data)", "--auth-root-authentication-method=normal", "--skip-test-db",
                "--skip-name-resolve", "--tmpdir=\(directory)",
            ] + (user.map { ["--user=\(String(cString: $0.pw_name))"] } ?? []))
        guard install.status == 0 else { throw Failure.cannotInstall(install.text + install.errors) }
        try start()
    }

    /// mariadbd refuses to be root, and the package of the server alone makes no user for it.
    private static var user: passwd? {
        guard geteuid() == 0 else { return nil }
        return (getpwnam("mysql") ?? getpwnam("nobody"))?.pointee
    }

    deinit {
        let process = running.withLock { $0.process }
        if process != 0 {
            Foundation.kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        Anchor.release(directory)
    }

    // MARK: Life and death

    /// Starts it, again on the same port and with the same data, and waits until it answers.
    package func start() throws {
        var command = ["/usr/bin/setpriv", "--pdeathsig", "KILL"]
        if let user = Self.user { command += ["--reuid=\(user.pw_uid)", "--regid=\(user.pw_gid)", "--clear-groups"] }
        command += [
            "mariadbd", "--no-defaults", "--datadir=\(data)", "--socket=\(socket)", "--pid-file=\(directory)/pid",
            // A server that starts removes what it takes for leftovers in there: others' too.
            "--tmpdir=\(directory)", "--port=\(port)", "--bind-address=127.0.0.1", "--log-error=\(log)",
            "--skip-name-resolve",
            "--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=32M",
            "--key-buffer-size=1M", "--character-set-server=utf8mb4", "--collation-server=utf8mb4_unicode_ci",
        ]
        let process = try Spawner.shared.spawn(command + arguments)
        running.withLock { $0.process = process }
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if (try? administrator()) != nil { return }
            guard Foundation.kill(process, 0) == 0, waitpid(process, nil, WNOHANG) == 0 else { break }
            usleep(20_000)
        }
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        throw Failure.cannotStart(log: String(text.suffix(2000)))
    }

    /// As a power cut would: SIGKILL.
    package func kill() {
        end(with: SIGKILL)
    }

    /// Shuts it down in order.
    package func stop() {
        end(with: SIGTERM)
    }

    /// It answers nobody any more, and nobody's connection breaks (SIGSTOP).
    /// Returns when no thread of it runs any more: a signal is sent before it is obeyed.
    package func pause() {
        let process = running.withLock { $0.process }
        Foundation.kill(process, SIGSTOP)
        for _ in 0..<2000 where Self.isRunning(process) { usleep(1000) }
    }

    private static func isRunning(_ process: pid_t) -> Bool {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
        return threads.contains { thread in
            let status = (try? String(contentsOfFile: "/proc/\(process)/task/\(thread)/status", encoding: .utf8)) ?? ""
            return !status.isEmpty && !status.contains("State:\tT")
        }
    }

    package func resume() {
        Foundation.kill(running.withLock { $0.process }, SIGCONT)
    }

    private func end(with signal: Int32) {
        let process = running.withLock { running in
            defer { running.process = 0 }
            return running.process
        }
        guard process != 0 else { return }
        Foundation.kill(process, signal)
        Foundation.kill(process, SIGCONT)
        waitpid(process, nil, 0)
    }

    // MARK: Databases

    /// A new database with a user of its own, who may do everything in it and nothing elsewhere.
    package func database(grants: String = "ALL PRIVILEGES", requirement: String = "") throws -> MariaDBDatabase {
        let number = running.withLock { running in
            running.databases += 1
            return running.databases
        }
        let database = MariaDBDatabase(
            server: self, name: "opencode\(number)", user: "user\(number)", password: Self.password)
        try run(
            "CREATE DATABASE \(database.name) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
            "CREATE USER \(database.user)@'%' IDENTIFIED BY '\(database.password)' \(requirement)",
            "GRANT \(grants) ON \(database.name).* TO \(database.user)@'%'")
        return database
    }

    /// Runs statements as the server's administrator, each as it is.
    package func run(_ statements: String...) throws {
        let connection = try administrator()
        for statement in statements { try connection.run(SQLQuery(stringLiteral: statement)) }
    }

    /// A connection of the server's administrator, over the socket.
    package func administrator() throws -> MySQLConnection {
        try MySQLConnection(
            MySQLSettings(address: .socket(path: socket), user: "root", password: "", database: "mysql"),
            .lasting(.seconds(20)))
    }

    /// What the server counts since it was started: `Com_select`, `Questions`.
    package func status(_ name: String) throws -> Int64 {
        let query: SQLQuery =
            "SELECT variable_value FROM information_schema.global_status WHERE variable_name = \(name)"
        return try administrator().integer(query) ?? 0
    }

    /// A port of the loopback interface that nobody listens on.
    package static func freePort() throws -> UInt16 {
        let listener = try LoopbackListener()
        return listener.port
    }
}

/// A database of a ``MariaDBServer``, and who may use it.
package struct MariaDBDatabase: Sendable {
    package let server: MariaDBServer
    package let name: String
    package let user: String
    package let password: String

    /// How to come to it over TCP.
    package var settings: MySQLSettings { settings(port: server.port) }

    /// How to come to it through something that listens on a port of the loopback interface.
    package func settings(port: UInt16) -> MySQLSettings {
        MySQLSettings(
            address: .tcp(host: "127.0.0.1", port: port), user: user, password: password, database: name)
    }

    package var opener: SQLOpener { MySQLConnection.opener(settings) }

    package func connect(_ duration: Duration = .seconds(20)) throws -> MySQLConnection {
        try MySQLConnection(settings, .lasting(duration))
    }

    /// Runs statements on a connection of their own, each as it is.
    package func run(_ statements: String...) throws {
        let connection = try connect()
        for statement in statements { try connection.run(SQLQuery(stringLiteral: statement)) }
    }
}

/// Starts programs from a thread that never ends: what a program is to die with (PR_SET_PDEATHSIG) is the thread that
/// started it, and threads of a test come and go.
private final class Spawner: Sendable {
    static let shared = Spawner()
    private let requests = Mutex<[(command: [String], done: @Sendable (Result<pid_t, any Error>) -> Void)]>([])
    private let arrived = DispatchSemaphore(value: 0)

    private init() {
        Thread.detachNewThread { [self] in
            while true {
                arrived.wait()
                let request = requests.withLock { $0.removeFirst() }
                request.done(Result { try Self.spawn(request.command) })
            }
        }
    }

    func spawn(_ command: [String]) throws -> pid_t {
        let done = DispatchSemaphore(value: 0)
        let result = Mutex<Result<pid_t, any Error>?>(nil)
        requests.withLock { requests in
            requests.append(
                (
                    command,
                    { answer in
                        result.withLock { $0 = answer }
                        done.signal()
                    }
                ))
        }
        arrived.signal()
        done.wait()
        guard let answer = result.withLock({ $0 }) else { throw CocoaError(.executableLoad) }
        return try answer.get()
    }

    private static func spawn(_ command: [String]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in Int32(0)...2 {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        for descriptor in Int32(3)..<256 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        var environment = ProcessInfo.processInfo.environment
        // mariadbd lies in a directory of the administrator.
        environment["PATH"] = (environment["PATH"] ?? "/usr/bin") + ":/usr/sbin"
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for variable in variables { free(variable) } }
        let code = posix_spawn(&process, command[0], &actions, nil, &arguments, &variables)
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .ENOEXEC) }
        return process
    }
}

/// Removes a directory when this process is over, however it ends: a shell waits for the end of a pipe that only we hold.
private enum Anchor {
    private static let pipes = Mutex<[String: Int32]>([:])

    static func hold(_ directory: String) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw CocoaError(.fileWriteUnknown) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "cat > /dev/null; sleep 0.5; rm -rf \"$1\"", "sh", directory]
        process.standardInput = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        pipes.withLock { $0[directory] = ends[1] }
    }

    static func release(_ directory: String) {
        if let end = pipes.withLock({ $0.removeValue(forKey: directory) }) { close(end) }
    }
}
