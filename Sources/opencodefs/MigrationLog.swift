private import Glibc
internal import SessionModel
internal import Timing

/// What migrations did to databases, one line of JSON each: `$XDG_STATE_HOME/opencodefs/migrations.jsonl`.
///
/// Nothing that fails here keeps anybody from mounting.
struct MigrationLog {
    let database: String

    /// Begun anew beyond this.
    private static let capacity: Int64 = 1 << 20

    /// - Parameter details: more members of the line.
    func record(_ event: String, _ details: (key: String, value: JSONObject.Value)...) {
        let path = StateDirectory.path + "/migrations.jsonl"
        guard System.makeDirectory(StateDirectory.path) == nil else { return }
        if System.size(path) > Self.capacity { System.remove(path) }
        var entry = JSONObject()
        entry.add("time", .string(Timestamp.now.rfc3339))
        entry.add("pid", .integer(Int(getpid())))
        entry.add("database", .string(database))
        entry.add("event", .string(event))
        for (key, value) in details { entry.add(key, value) }
        System.append(entry.line() + [UInt8(ascii: "\n")], to: path)
    }
}
