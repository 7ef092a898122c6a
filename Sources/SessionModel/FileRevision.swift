/// A version of a file that an agent has read or written, as the Go OpenCode keeps it. Its text is described, not held.
package struct FileRevision: Sendable, Identifiable {
    package typealias ID = Identifier<FileRevision>

    package let id: ID
    /// Where the file is, mostly from the root of the machine on.
    package let path: [UInt8]
    /// `initial`, `v1`, `v2`, …
    package let version: [UInt8]
    /// Milliseconds since 1970.
    package let created: Int64
    /// Milliseconds since 1970.
    package let updated: Int64
    /// Length of its text in bytes.
    package let octets: Int

    package init(id: ID, path: [UInt8], version: [UInt8], created: Int64, updated: Int64, octets: Int) {
        self.id = id
        self.path = path
        self.version = version
        self.created = created
        self.updated = updated
        self.octets = octets
    }

    /// Which of two versions of a file came first: by the time, then as OpenCode counts them, since its times are seconds.
    package static func precedes(_ one: FileRevision, _ other: FileRevision) -> Bool {
        (one.created, one.number, one.id) < (other.created, other.number, other.id)
    }

    private var number: Int {
        if version.elementsEqual("initial".utf8) { return 0 }
        guard version.first == UInt8(ascii: "v") else { return .max }
        return Int(String(decoding: version.dropFirst(), as: UTF8.self)) ?? .max
    }
}
