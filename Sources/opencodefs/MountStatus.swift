internal import Fuse
internal import SessionModel

/// What a mount says of itself in `.opencodefs/status.json`.
struct MountStatus {
    let mountpoint: String
    private let json: JSON

    init(_ json: JSON, mountpoint: String) {
        self.json = json
        self.mountpoint = mountpoint
    }

    /// Asks a mount.
    static func read(_ mountpoint: String) -> MountStatus? {
        guard let bytes = System.contents(mountpoint + "/.opencodefs/status.json"), let json = try? JSON(parsing: bytes)
        else { return nil }
        return MountStatus(json, mountpoint: mountpoint)
    }

    func text(_ keys: String...) -> String {
        var value: JSON? = json
        for key in keys { value = value?[key] }
        return switch value {
        case .string(let text), .number(let text): text
        case .boolean(let truth): truth ? "yes" : "no"
        case .array(let values): values.compactMap(\.string).joined(separator: ", ")
        case .object, .null, nil: ""
        }
    }

    func number(_ keys: String...) -> Int64 {
        var value: JSON? = json
        for key in keys { value = value?[key] }
        if case .number(let text) = value { return Int64(text) ?? 0 }
        return 0
    }

    /// `V1, 4 projects, 40 sessions, 1000 messages, 9.5 MiB`
    var summary: String {
        let family = text("family").split(separator: ", ").joined(separator: " and ")
        let counts = ["project", "session", "message"].map { Human.count(Int(number("counts", $0 + "s")), $0) }
        return ([family] + counts + [Human.size(number("size"))]).joined(separator: ", ")
    }
}

/// `opencodefs mount` without a directory.
enum MountList {
    static func show(asJSON: Bool) -> ExitStatus {
        let mounts = MountTable.ours()
        if asJSON {
            let list = mounts.map { mount in
                var entry = JSONObject()
                entry.add("mountpoint", .string(mount.mountpoint))
                entry.add("database", .string(mount.source))
                entry.add("readOnly", .boolean(mount.isReadOnly))
                return JSONObject.Value.object(entry)
            }
            var document = JSONObject()
            document.add("mounts", .array(list))
            Console.print(bytes: document.document())
        } else if mounts.isEmpty {
            Console.note("Nothing is mounted. Begin with: opencodefs mount DIRECTORY")
        } else {
            for mount in mounts {
                Console.print("\(mount.mountpoint)\t\(mount.source)\t\(mount.isReadOnly ? "ro" : "rw")")
            }
        }
        return .success
    }
}
