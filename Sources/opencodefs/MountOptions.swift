private import Glibc
internal import SessionFileSystem
internal import SessionTree

/// What -o says, in the words of mount(8) and a few of ours.
struct MountOptions {
    var style = Naming.Style.labels
    /// What stands at the root: the sessions, or the files of OpenCode up to 1.1, which nobody can write.
    var layout = Settings.Layout.sessions
    var isReadOnly: Bool {
        get { isReadOnlyByWish || layout == .storage }
        set { isReadOnlyByWish = newValue }
    }
    private var isReadOnlyByWish = false
    /// Whether a database of the Go OpenCode may be brought up to date.
    var migrates = true
    /// Whether getfattr(1) is answered (rule R7).
    var tellsAttributes = true
    var allowsOthers = false
    var owner: UInt32?
    var group: UInt32?
    var umask: UInt32?
    /// Days that the trash keeps what was removed; 0: nothing goes there.
    var trashDays = 7
    var project: String?
    /// A server is asked what is new once in that time, while somebody looks.
    var pollInterval = Duration.seconds(1)
    /// For the kernel.
    var passedThrough: [String] = []

    var keepsTrash: Bool { !isReadOnly && trashDays > 0 }

    /// Takes a list as -o has it. Later options beat earlier ones.
    mutating func add(_ list: String) throws(CommandFailure) {
        for option in Self.split(list) where !option.isEmpty {
            let pieces = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            try add(pieces[0], pieces.count > 1 ? pieces[1] : nil, spelled: option)
        }
    }

    private mutating func add(_ name: String, _ value: String?, spelled option: String) throws(CommandFailure) {
        switch (name, value) {
        case ("names", "id"): style = .identifiers
        case ("names", "label"): style = .labels
        case ("layout", "sessions"): layout = .sessions
        case ("layout", "storage"): layout = .storage
        case ("ro", nil): isReadOnly = true
        case ("rw", nil): isReadOnly = false
        case ("nomigrate", nil): migrates = false
        case ("noxattr", nil): tellsAttributes = false
        case ("allow_other", nil): allowsOthers = true
        case ("uid", let value?):
            owner = try Self.number(value, "uid") { unsafe getpwnam($0).map { unsafe $0.pointee.pw_uid } }
        case ("gid", let value?):
            group = try Self.number(value, "gid") { unsafe getgrnam($0).map { unsafe $0.pointee.gr_gid } }
        case ("umask", let value?):
            guard let mask = UInt32(value, radix: 8), mask <= 0o777 else {
                throw CommandFailure(.usage, "umask=\(value): must be octal, as in umask=027")
            }
            umask = mask
        case ("trash", let value?):
            guard let days = Int(value), (0...36_500).contains(days) else {
                throw CommandFailure(.usage, "trash=\(value): must be a number of days, 0 to remove for good at once")
            }
            trashDays = days
        case ("poll", let value?):
            guard let seconds = Double(value), (0.1...3600).contains(seconds) else {
                throw CommandFailure(.usage, "poll=\(value): must be a number of seconds from 0.1 to 3600")
            }
            pollInterval = .milliseconds(Int64(seconds * 1000))
        case ("project", let value?): project = value
        case ("nosuid", nil), ("nodev", nil), ("noexec", nil), ("noatime", nil), ("nodiratime", nil):
            passedThrough.append(name)
        default:
            guard Self.ignored.contains(name) || name.hasPrefix("x-") || name.hasPrefix("X-") else {
                throw CommandFailure(.usage, "unknown option -o \(option); see: opencodefs mount --help")
            }
        }
    }

    /// What fstab(5) and mount(8) may add, and which means nothing to us.
    private static let ignored: Set<String> = [
        "defaults", "auto", "noauto", "user", "nouser", "users", "owner", "group", "_netdev", "nofail", "dev", "suid",
        "exec", "async", "sync", "atime", "relatime", "norelatime", "strictatime", "lazytime", "diratime", "comment",
        "default_permissions", "fsname", "subtype", "nonempty", "auto_unmount",
    ]

    /// Splits at commas; a backslash before a comma keeps it.
    private static func split(_ list: String) -> [String] {
        var options = [""]
        var isEscaped = false
        // By scalars: a comma with an accent on it is one character, and not equal to a comma.
        for scalar in list.unicodeScalars {
            switch (scalar, isEscaped) {
            case ("\\", false): isEscaped = true
            case (",", false): options.append("")
            default:
                options[options.count - 1].unicodeScalars.append(scalar)
                isEscaped = false
            }
        }
        return options
    }

    private static func number(
        _ value: String, _ what: String, lookup: (String) -> UInt32?
    ) throws(CommandFailure) -> UInt32 {
        guard let number = UInt32(value) ?? lookup(value) else {
            throw CommandFailure(.usage, "\(what)=\(value): no such number or name")
        }
        return number
    }
}
