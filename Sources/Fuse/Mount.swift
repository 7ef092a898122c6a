internal import CFuse
private import Glibc
private import Synchronization
package import VFS

/// A mounted file system: from `init` on the kernel's requests wait, and ``serve(_:threads:onEnd:)`` answers them.
///
/// Unchecked Sendable because libfuse's session may be used from several threads (fuse_lowlevel.h), and nothing here
/// changes after `init`.
@safe
package final class Mount: @unchecked Sendable {
    private let session: OpaquePointer
    private let server: Unmanaged<Server>
    /// Threads that are serving.
    private let serving = Atomic(0)
    private let isUnmounted = Atomic(false)
    private let mountpoint: String
    private let device: String?

    package struct Options: Sendable {
        /// What the mount table shows as the source.
        package var source: String
        package var isReadOnly = false
        /// Whether other users may look, as far as the permission bits let them.
        package var allowsOthers = false
        /// Options of mount(8) that are the kernel's business: `nosuid`, `noatime`.
        package var passedThrough: [String] = []

        package init(source: String) {
            self.source = source
        }

        fileprivate var text: String {
            var options = ["fsname=\(Self.escaped(source))", "subtype=opencodefs", "default_permissions"]
            if isReadOnly { options.append("ro") }
            if allowsOthers { options.append("allow_other") }
            return (options + passedThrough).joined(separator: ",")
        }

        /// A comma ends an option, a backslash keeps it from doing so (fuse_opt.h).
        private static func escaped(_ text: String) -> String {
            var escaped = String.UnicodeScalarView()
            // By scalars: a comma with an accent on it is one character, and not equal to a comma.
            for scalar in text.unicodeScalars {
                if scalar == "," || scalar == "\\" { escaped.append("\\") }
                escaped.append(scalar)
            }
            return String(escaped)
        }
    }

    /// Why the kernel or fusermount3 would not mount. libfuse has written the details to stderr.
    package struct Failure: Error {}

    /// Mounts. Forks to run fusermount3 unless it is root's, so no database may be open yet.
    package init(at mountpoint: String, _ options: Options) throws(Failure) {
        let server = unsafe Unmanaged.passRetained(Server())
        guard let session = unsafe Self.makeSession(options.text, userdata: server.toOpaque()) else {
            unsafe server.release()
            throw Failure()
        }
        guard unsafe fuse_session_mount(session, mountpoint) == 0 else {
            unsafe fuse_session_destroy(session)
            unsafe server.release()
            throw Failure()
        }
        unsafe server.takeUnretainedValue().session = session
        unsafe self.session = session
        unsafe self.server = server
        self.mountpoint = mountpoint
        device = MountTable.mount(at: mountpoint)?.device
    }

    /// Whether this is what is mounted at its path: not after somebody has unmounted it, whatever has been mounted there since.
    package var isStanding: Bool {
        guard !isUnmounted.load(ordering: .sequentiallyConsistent), let device else { return false }
        return MountTable.mount(at: mountpoint)?.device == device
    }

    private static func makeSession(_ options: String, userdata: UnsafeMutableRawPointer) -> OpaquePointer? {
        var arguments = unsafe fuse_args(argc: 0, argv: nil, allocated: 0)
        defer { unsafe fuse_opt_free_args(&arguments) }
        for argument in ["opencodefs", "-o", options] {
            guard unsafe fuse_opt_add_arg(&arguments, argument) == 0 else { return nil }
        }
        var operations = operations()
        return unsafe fuse_session_new(&arguments, &operations, MemoryLayout<fuse_lowlevel_ops>.size, userdata)
    }

    deinit {
        unsafe fuse_session_destroy(session)
        unsafe server.release()
    }

    /// Answers requests from some threads until the file system is unmounted; returns at once.
    ///
    /// - Parameter onEnd: called once, from the last thread, when nothing is mounted any more.
    package func serve(
        _ fileSystem: any FileSystem, threads count: Int, onEnd: @escaping @Sendable () -> Void
    ) {
        opencodefs_share_memory()
        unsafe server.takeUnretainedValue().fileSystem = fileSystem
        serving.store(count, ordering: .sequentiallyConsistent)
        for _ in 0..<count {
            Thread.start { [self] in
                serveRequests()
                if serving.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 {
                    onEnd()
                }
            }
        }
    }

    private func serveRequests() {
        var buffer = unsafe fuse_buf()
        defer { unsafe free(buffer.mem) }
        while unsafe fuse_session_exited(session) == 0 {
            let count = unsafe fuse_session_receive_buf(session, &buffer)
            if count == -EINTR { continue }
            // 0: unmounted. Less: the connection is gone.
            if count <= 0 {
                isUnmounted.store(true, ordering: .sequentiallyConsistent)
                break
            }
            unsafe fuse_session_process_buf(session, &buffer)
        }
        // The others learn it from the flag, or from the connection itself.
        unsafe fuse_session_exit(session)
    }
}
