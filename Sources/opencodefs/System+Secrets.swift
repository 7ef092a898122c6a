private import CPrctl
private import Glibc

/// What keeps a password to this process.
extension System {
    /// The value of a variable, which then is in the environment no more, nor in what /proc/PID/environ shows.
    ///
    /// To be called while there is one thread: the environment belongs to all of them.
    static func takeVariable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        unsafe explicit_bzero(value, strlen(value))
        unsafe unsetenv(name)
        return text.isEmpty ? nil : text
    }

    /// From now on the memory of this process goes into no core file, and nobody but root may look into it.
    static func guardMemory() {
        _ = opencodefs_undumpable()
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    }

    /// Whether nobody but its owner may read or write a file; also where there is none.
    static func isPrivate(_ path: String) -> Bool {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return true }
        return status.st_mode & 0o077 == 0
    }
}
