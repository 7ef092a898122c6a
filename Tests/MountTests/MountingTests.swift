import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

/// From mount to umount, and everything that can be wrong in between.
@Suite(.serialized, .timeLimit(.minutes(25))) struct MountingTests {
    @Test func `mount returns when the tree answers, and says what it took`() throws {
        let sandbox = try Sandbox()
        let path = sandbox.path + "/home/.opencode/opencode.db"
        _ = try sandbox.directory.directory("home/.opencode")
        _ = try TestDatabase(demo: .v1, at: path, sessions: 3, messages: 30)
        let other = try sandbox.directory.directory("data/opencode") + "/opencode.db"
        _ = try TestDatabase(.v2, at: other)
        let mountpoint = try sandbox.directory.directory("mnt")
        let run = try sandbox.opencodefs(["mount", mountpoint])
        #expect(run.status == 0)
        #expect(!(try File.names(in: mountpoint)).isEmpty)
        #expect(run.text.contains("Mounted \(path)"))
        #expect(run.text.contains("3 sessions, 30 messages"))
        #expect(run.errors.contains("taken from: ~/.opencode"))
        #expect(run.errors.contains("also found, not used: \(other)"))
        // Without arguments it lists what is mounted.
        let list = try sandbox.opencodefs(["mount"])
        #expect(list.lines.contains("\(mountpoint)\t\(path)\trw"), "\(list.text)")
        let json = try JSONValue(sandbox.opencodefs(["mount", "--json"]).output)
        let entry = json["mounts"]?.array?.first { $0["mountpoint"]?.string == mountpoint }
        #expect(entry?["database"]?.string == path)
        #expect(entry?["readOnly"]?.boolean == false)
    }

    /// What is wrong, the exit status, and a piece of the line that says so.
    private func refuses(
        _ sandbox: borrowing Sandbox, _ arguments: [String], status: Int32, saying piece: String,
        environment: [String: String] = [:], _ location: SourceLocation = #_sourceLocation
    ) throws {
        let run = try sandbox.opencodefs(["mount"] + arguments, environment: environment)
        #expect(run.status == status, "\(run.errors)", sourceLocation: location)
        #expect(run.errors.contains(piece), "\(run.errors)", sourceLocation: location)
        #expect(run.errors.hasPrefix("opencodefs: "), "\(run.errors)", sourceLocation: location)
        #expect(run.text == "", sourceLocation: location)
        let mounts = sandbox.mounts
        #expect(mounts == [], sourceLocation: location)
    }

    @Test func `a mountpoint that will not do is refused`() throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(.v1, at: sandbox.path + "/work/opencode.db").path
        let file = sandbox.path + "/file"
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        let full = try sandbox.directory.directory("full/inside")
        let base = ["--database", database]
        try refuses(
            sandbox, base + [sandbox.path + "/none"], status: 1, saying: "does not exist; make it first: mkdir -p")
        try refuses(sandbox, base + [file], status: 1, saying: "no directory")
        try refuses(sandbox, base + [String(full.dropLast(7))], status: 1, saying: "not empty")
        try refuses(sandbox, base + [sandbox.path + "/work"], status: 1, saying: "holds the database itself")
        try refuses(sandbox, base + [sandbox.path], status: 1, saying: "holds the database itself")
        try refuses(sandbox, base + [full, full], status: 2, saying: "one directory at a time")
        try refuses(sandbox, base + ["--no-such-option", full], status: 2, saying: "mount --help")
        try refuses(
            sandbox, base + ["-o", "no_such_option", full], status: 2, saying: "unknown option -o no_such_option")
        try refuses(sandbox, base + ["-o", "umask=9", full], status: 2, saying: "umask=9")
        try refuses(sandbox, base + ["-o", "trash=x", full], status: 2, saying: "trash=x")
        try refuses(sandbox, base + ["-o", "uid=no-such-user", full], status: 2, saying: "uid=no-such-user")
        try refuses(sandbox, base + ["-o", "names=title", full], status: 2, saying: "names=title")
    }

    @Test func `a database that will not do is refused, and none is ever made`() throws {
        let sandbox = try Sandbox()
        let mountpoint = try sandbox.directory.directory("mnt")
        func path(_ name: String) -> String { sandbox.path + "/" + name }
        try refuses(
            sandbox, ["-d", path("none.db"), mountpoint], status: 10, saying: "no database at \(path("none.db"))")
        try refuses(sandbox, ["-d", sandbox.path, mountpoint], status: 10, saying: "is a directory")
        try refuses(sandbox, ["-d", ":memory:", mountpoint], status: 2, saying: ":memory:")
        try refuses(
            sandbox, [mountpoint], status: 2, saying: "OPENCODE_DB is \":memory:\"",
            environment: ["OPENCODE_DB": ":memory:"])
        try refuses(sandbox, ["-d", "", mountpoint], status: 2, saying: "name a file")
        try refuses(
            sandbox, [mountpoint], status: 10, saying: path("data/opencode/gone.db"),
            environment: ["OPENCODE_DB": "gone.db"])
        // With nothing named, the error lists every place that was looked at.
        let run = try sandbox.opencodefs(["mount", mountpoint])
        #expect(run.status == 10)
        for place in ["work/.opencode/opencode.db", "home/.opencode/opencode.db", "data/opencode/opencode.db"] {
            #expect(run.errors.contains(path(place)), "\(run.errors)")
        }
        #expect(run.errors.contains("opencodefs demo"))

        try Data("no database at all, but long enough for a header".utf8).write(
            to: URL(fileURLWithPath: path("text.db")))
        try refuses(sandbox, ["-d", path("text.db"), mountpoint], status: 1, saying: "not a database")
        try Data().write(to: URL(fileURLWithPath: path("empty.db")))
        try refuses(sandbox, ["-d", path("empty.db"), mountpoint], status: 13, saying: "no tables")
        let made = try TestDatabase(.v1, at: path("other.db"))
        for table in ["part", "message", "session"] {
            try made.run(SQLQuery(stringLiteral: "ALTER TABLE \(table) RENAME TO some_\(table)"))
        }
        try refuses(sandbox, ["-d", path("other.db"), mountpoint], status: 13, saying: "no OpenCode database")
        try made.run(
            "CREATE TABLE sessions (id TEXT PRIMARY KEY)", "CREATE TABLE messages (id TEXT PRIMARY KEY, parts TEXT)")
        try refuses(sandbox, ["-d", path("other.db"), mountpoint], status: 13, saying: "Go OpenCode")
        for name in ["none.db", "data", "home/.opencode", "work/.opencode", ":memory:", "work/:memory:"] {
            #expect(!File.exists(path(name)), "\(name) was made")
        }
        #expect(try File.status(path("empty.db")).st_size == 0)
        #expect(sandbox.daemons == [])
    }

    @Test func `a second mount at the same place is refused, at another one is fine`() throws {
        let mounted = try MountedHistory(demo: .v2)
        let again = try mounted.opencodefs("mount", mounted.mountpoint)
        #expect(again.status == 1)
        #expect(again.errors.contains("mounted on it already; unmount it first: opencodefs umount"), "\(again.errors)")
        let second = try mounted.sandbox.directory.directory("second")
        #expect(try mounted.opencodefs("mount", "-o", "names=id", second).status == 0)
        #expect(try File.projects(in: second).count == File.projects(in: mounted.mountpoint).count)
        #expect(mounted.sandbox.daemons.count == 2)
        // And both see one removal.
        let path = try mounted.shell("find . -name '*~msg_*' | head -1").text.dropLast()
        let id = path.dropLast(5).split(separator: "~").last ?? ""
        #expect(try mounted.shell("rm '\(path)'").status == 0)
        #expect(Sandbox.waits(seconds: 0.5) { (try? Run.shell("find '\(second)' -name '\(id).json'").text) == "" })
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
    func `a signal unmounts and ends the daemon`(signal: CInt) throws {
        let mounted = try MountedHistory(demo: .v1)
        let daemon = try mounted.daemon
        #expect(kill(daemon, signal) == 0)
        let path = mounted.sandbox.path
        #expect(Sandbox.waits { Sandbox.daemons(below: path).isEmpty })
        #expect(mounted.sandbox.mounts == [])
        #expect(try File.projects(in: mounted.mountpoint) == [])
    }

    @Test func `umount waits for the daemon to let go of the database`() throws {
        let mounted = try MountedHistory(demo: .v1)
        let daemon = try mounted.daemon
        #expect(try mounted.shell("grep -r x . | wc -c").status == 0)
        #expect(try mounted.sandbox.opencodefs(["umount", mounted.mountpoint]).status == 0)
        #expect(mounted.sandbox.mounts == [])
        #expect(Sandbox.waits { kill(daemon, 0) < 0 || (try? File.text("/proc/\(daemon)/cmdline")) == "" })
        let again = try mounted.sandbox.opencodefs(["umount", mounted.mountpoint])
        #expect(again.status == 5)
        #expect(again.errors.contains("no mount of opencodefs"))
        #expect(try mounted.sandbox.opencodefs(["umount"]).status == 2)
    }

    @Test(arguments: [0, CInt(MNT_DETACH)])
    func `a daemon that ends leaves alone what was mounted in its place`(flags: CInt) throws {
        let mounted = try MountedHistory(demo: .v1)
        let (daemon, path) = (try mounted.daemon, mounted.sandbox.path)
        // Somebody who is still in there keeps a mount alive that was taken out of the tree.
        let inside = open(mounted.mountpoint, O_RDONLY | O_DIRECTORY)
        if flags == 0 { close(inside) }
        defer { if flags != 0 { close(inside) } }
        #expect(kill(daemon, SIGSTOP) == 0)
        defer { kill(daemon, SIGCONT) }
        try Unmounted.take(mounted.mountpoint, flags)
        try mounted.mount()
        #expect(kill(daemon, SIGCONT) == 0)
        if flags != 0 { #expect(kill(daemon, SIGTERM) == 0) }
        #expect(Sandbox.waits { !Sandbox.daemons(below: path).contains(daemon) })
        #expect(mounted.sandbox.mounts == [mounted.mountpoint])
        #expect(try File.projects(in: mounted.mountpoint) != [])
    }

    @Test func `kill -9 leaves a dead mount that the next mount repairs`() throws {
        let mounted = try MountedHistory(demo: .both)
        let before = try FileTree(mounted.mountpoint).nodes.count
        #expect(before > 60)
        let daemon = try mounted.daemon
        // The kernel keeps what it has just been told, also of a mount that is dead.
        _ = try File.status(mounted.mountpoint)
        #expect(kill(daemon, SIGKILL) == 0)
        #expect(Sandbox.waits { File.failure { open(mounted.path("x"), O_RDONLY) } == ENOTCONN })
        let run = try mounted.opencodefs("mount", mounted.mountpoint)
        #expect(run.status == 0)
        #expect(run.errors.contains("repaired"), "\(run.errors)")
        #expect(mounted.sandbox.mounts == [mounted.mountpoint])
        #expect(try FileTree(mounted.mountpoint).nodes.count == before)
    }

    @Test func `umount of a mount in use names the program`() throws {
        let mounted = try MountedHistory(demo: .v1)
        let sleeper = Process()
        sleeper.executableURL = URL(fileURLWithPath: "/bin/sleep")
        sleeper.arguments = ["60"]
        sleeper.currentDirectoryURL = URL(fileURLWithPath: mounted.mountpoint)
        try sleeper.run()
        // What a test starts inherits its blocked signals: nothing less would reach it.
        defer { kill(sleeper.processIdentifier, SIGKILL) }
        let run = try mounted.sandbox.opencodefs(["umount", mounted.mountpoint])
        #expect(run.status == 11)
        #expect(run.errors.contains("in use"), "\(run.errors)")
        #expect(run.errors.contains("\(sleeper.processIdentifier) sleep (cwd)"), "\(run.errors)")
        #expect(mounted.sandbox.mounts == [mounted.mountpoint])
        #expect(try mounted.sandbox.opencodefs(["umount", "--lazy", mounted.mountpoint]).status == 0)
        #expect(mounted.sandbox.mounts == [])
    }

    @Test(.enabled(if: geteuid() == 0, "a mount namespace without mounts of others takes root"))
    func `umount --all takes away every mount, or says which is in use`() throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(demo: .v1, at: sandbox.path + "/opencode.db", sessions: 2, messages: 10)
        // What other tests have mounted is there too, as copies; here they go, there they stay.
        let script = #"""
            sed -n 's/^[^ ]* \([^ ]*\) fuse\.opencodefs .*/\1/p' /proc/self/mounts | while read -r mount; do
                umount -l "$(printf %b "$mount")"
            done
            mkdir one two three
            for name in one two three; do "$1" mount -d "$2" $name > /dev/null 2>&1 || echo "$name failed"; done
            grep -c fuse.opencodefs /proc/self/mounts
            (cd two && exec "$1" umount --all) 2>&1
            echo "status $?"
            grep -o "/[a-z]* fuse.opencodefs" /proc/self/mounts
            "$1" umount -a; echo "status $?"
            grep -c fuse.opencodefs /proc/self/mounts
            "$1" umount --all; echo "status $?"
            """#
        let run = try Run.program(
            "unshare", ["--mount", "/bin/sh", "-c", script, "sh", Run.opencodefsPath, database.path],
            in: sandbox.path, environment: sandbox.environment)
        let lines = run.lines
        #expect(lines.first == "3", "\(run.text) \(run.errors)")
        #expect(lines.contains { $0.contains("\(sandbox.path)/two is in use") }, "\(run.text)")
        #expect(
            lines.filter { !$0.hasPrefix("opencodefs: ") && !$0.hasPrefix("  ") }
                == ["3", "status 3", "/two fuse.opencodefs", "status 0", "0", "status 0"], "\(run.text)")
    }

    @Test(.enabled(if: geteuid() == 0, "an empty /dev takes mount(2)"))
    func `without a /dev/fuse mount says what to do`() throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(.v1, at: sandbox.path + "/opencode.db")
        let mountpoint = try sandbox.directory.directory("mnt")
        let run = try Run.program(
            "unshare",
            [
                "--mount", "/bin/sh", "-c", #"mount -t tmpfs tmpfs /dev && exec "$@""#, "sh", Run.opencodefsPath,
                "mount", "-d", database.path, mountpoint,
            ],
            in: sandbox.path, environment: sandbox.environment)
        #expect(run.status == 1)
        #expect(run.text == "")
        #expect(
            run.errors.hasPrefix("opencodefs: /dev/fuse: No such file or directory; load the kernel module"),
            "\(run.errors)")
        #expect(run.errors.contains("in a container start it with --device /dev/fuse --cap-add SYS_ADMIN\n"))
        #expect(run.errors.split(separator: "\n").count == 1)
    }

    /// Everybody else's mounts go through fusermount3. The mount namespace is for a /dev/fuse that everybody may open, as
    /// systems outside of containers have it.
    @Test(.enabled(if: geteuid() == 0, "for everybody else all other tests prove it"))
    func `a user without rights of root mounts, removes, restores and unmounts`() throws {
        let sandbox = try Sandbox()
        let script = """
            set -e
            mknod fuse c 10 229 && chmod 666 fuse && mount --bind fuse /dev/fuse
            mkdir own && chown 65534:65534 own && cp "$1" own/opencodefs && cd own
            exec setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=$PWD XDG_STATE_HOME=$PWD/state sh -ec '
                id -u
                ./opencodefs demo --sessions 3 --messages 30 demo.db
                mkdir mnt
                ./opencodefs mount -d demo.db mnt
                find mnt -name "*~msg_*" | wc -l
                rm "$(find mnt -name "*~msg_*" | head -n 1)"
                find mnt -name "*~msg_*" | wc -l
                ./opencodefs restore -d demo.db --last
                sleep 0.2
                find mnt -name "*~msg_*" | wc -l
                (cd mnt && ../opencodefs umount ../mnt) || echo busy: $?
                ./opencodefs umount mnt
                ls mnt | wc -l
            ' 2>&1
            """
        #expect(chmod(sandbox.path, 0o755) == 0)
        let run = try Run.program(
            "unshare", ["--mount", "/bin/sh", "-c", script, "sh", Run.opencodefsPath], in: sandbox.path,
            environment: sandbox.environment)
        #expect(run.status == 0, "\(run.text) \(run.errors)")
        let lines = run.lines
        #expect(lines.first == "65534")
        #expect(lines.filter { Int($0) != nil } == ["65534", "30", "29", "30", "0"], "\(run.text)")
        #expect(lines.contains { $0.hasPrefix("Mounted ") })
        #expect(lines.contains { $0.hasPrefix("Restored 1 message") })
        #expect(lines.contains("busy: 11"), "\(run.text)")
    }

    @Test func `paths may hold blanks, commas, backslashes and links`() throws {
        let sandbox = try Sandbox()
        let folder = try sandbox.directory.directory("a b,c\\d \u{e9}")
        let database = try TestDatabase(demo: .v1, at: folder + "/open code,\\.db", sessions: 2, messages: 20)
        #expect(symlink(database.path, sandbox.path + "/link.db") == 0)
        _ = try sandbox.directory.directory("a b,c\\d \u{e9}/m n,t\\")
        #expect(symlink(folder + "/m n,t\\", sandbox.path + "/link") == 0)
        let run = try sandbox.opencodefs(["mount", "--database", "../link.db", "../link/"])
        #expect(run.status == 0, "\(run.errors)")
        let mounts = sandbox.mounts
        #expect(mounts == [folder + "/m n,t\\"])
        #expect(try !File.names(in: folder + "/m n,t\\").isEmpty)
        #expect(try sandbox.opencodefs(["mount"]).lines.contains("\(folder)/m n,t\\\t\(database.path)\trw"))
        #expect(try sandbox.opencodefs(["status", "--json", "../link"]).status == 0)
        #expect(try Run.shell("rm \"$(find -L '\(sandbox.path)/link' -name '*~msg_*' | head -n 1)\"").status == 0)
        #expect(try sandbox.opencodefs(["restore", "--database", database.path, "--last"]).status == 0)
        #expect(try sandbox.opencodefs(["umount", "../link"]).status == 0)
        let left = sandbox.mounts
        #expect(left == [])
    }

    @Test func `a mount keeps neither its caller's files nor its directory`() throws {
        let mounted = try MountedHistory(demo: .v1)
        let daemon = try mounted.daemon
        try mounted.unmount()
        // The caller holds a lock and a pipe; whoever waits for either would wait as long as the mount lives.
        let lock = mounted.sandbox.path + "/lock"
        let run = try mounted.shell(
            """
            cd ../work; exec 9>'\(lock)'; flock 9; { '\(Run.opencodefsPath)' mount -d '\(mounted.database.path)' \
                '\(mounted.mountpoint)'; } | cat; exec 9>&-; flock -n '\(lock)' echo free
            """)
        #expect(run.status == 0)
        #expect(run.text.contains("free"), "\(run.text) \(run.errors)")
        #expect(try mounted.daemon != daemon)
        let process = try "/proc/\(mounted.daemon)"
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: process + "/cwd") == "/")
    }

    /// No other open() of the database and no fork after the first: either could cost somebody's locks.
    @Test func `the database is opened by SQLite alone, and nothing forks afterwards`() throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(.v1, at: sandbox.path + "/opencode.db")
        try RemovingTests.fill(Rows(database), database)
        let mountpoint = try sandbox.directory.directory("mnt")
        let log = sandbox.path + "/trace"
        let tracer = Process()
        tracer.executableURL = URL(fileURLWithPath: "/usr/bin/strace")
        tracer.arguments = [
            "-f", "-y", "-s", "300", "-e", "trace=open,openat,close,clone,clone3,fork,vfork,execve", "-o", log,
            Run.opencodefsPath, "mount", "--foreground", "--database", database.path, mountpoint,
        ]
        tracer.environment = ProcessInfo.processInfo.environment.merging(sandbox.environment) { $1 }
        tracer.standardError = FileHandle.nullDevice
        try tracer.run()
        #expect(Sandbox.waits(seconds: 20) { (try? File.projects(in: mountpoint)) == ["shop~other", "shop~shop"] })
        #expect(try Run.shell("grep -r text . | wc -l && rm -r shop~other/2*", in: mountpoint).status == 0)
        let unmounting = try File.contents(log).count
        #expect(try sandbox.opencodefs(["umount", mountpoint]).status == 0)
        tracer.waitUntilExit()
        #expect(tracer.terminationStatus == 0)

        let lines = try File.text(log).split(separator: "\n")
        let first = try #require(lines.firstIndex { $0.contains("openat(") && $0.contains("\"\(database.path)\"") })
        for line in lines[first...] {
            let call = line.drop { $0.isNumber || $0 == " " }
            if call.hasPrefix("fork") || call.hasPrefix("vfork") || call.hasPrefix("execve") {
                Issue.record("a fork with the database open: \(line)")
            }
            if call.hasPrefix("clone"), !call.contains("CLONE_THREAD") { Issue.record("no thread: \(line)") }
        }
        let opened = lines.filter {
            $0.contains("openat(") && $0.contains("\"\(database.path)") && !$0.contains("ENOENT")
        }
        #expect(opened.count >= 3)
        for line in opened {
            let name = line.split(separator: "\"").dropFirst().first.map(String.init) ?? ""
            let isExpected = ["", "-wal", "-shm", "-journal"].contains { name == database.path + $0 }
            #expect(isExpected, "\(line)")
        }
        // Nor is one closed while the mount serves.
        let serving = try File.text(log).utf8.prefix(unmounting)
        let closed = String(serving)?.split(separator: "\n").filter {
            $0.contains("close(") && $0.contains("<\(database.path)>")
        }
        #expect(closed == [])
    }
}

private enum Unmounted {
    /// As umount(8) does, or fusermount3 for who is not root; neither waits for the daemon.
    static func take(_ mountpoint: String, _ flags: CInt) throws {
        if geteuid() == 0 {
            try #require(umount2(mountpoint, flags) == 0, "\(String(cString: strerror(errno)))")
        } else {
            try #require(Run.program("fusermount3", (flags == 0 ? ["-u"] : ["-u", "-z"]) + [mountpoint]).status == 0)
        }
    }
}
