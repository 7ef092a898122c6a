import DemoHistory
import SQL
import TestSupport

/// What docs/tree.md says that a database must look like, worked out from its rows without any code of opencodefs.
/// Names are ids alone (rule N2).
struct ExpectedTree {
    /// Files by their path; nil for those whose contents other tests compare.
    private(set) var files: [[UInt8]: [UInt8]?] = [:]
    private(set) var directories: Set<[UInt8]> = []

    private struct Session {
        let id: SQLValue
        let project: SQLValue
        let parent: SQLValue
        let isArchived: Bool
        let generation: Rows.Generation
    }

    private let connection: any SQLConnection

    init(_ database: TestDatabase) throws {
        connection = try database.connect()
        connection.patience = .lasting(.seconds(60))
        let sessions = try Self.sessions(database, connection)
        var projects = Set<SQLValue>()
        if !database.family.isGo { projects = Set(try connection.column("SELECT id FROM project")) }
        for session in sessions.values { projects.insert(session.project) }
        for project in projects {
            let path = Self.name(project)
            directories.insert(path)
            files[path + "/project.json".utf8] = .some(nil)
        }
        for session in sessions.values { try add(session, sessions) }
    }

    private mutating func add(_ session: Session, _ sessions: [SQLValue: Session]) throws {
        let path = Self.path(of: session, sessions)
        directories.insert(path)
        let parent = path[..<(path.lastIndex(of: UInt8(ascii: "/")) ?? 0)]
        // archived/ or children/
        directories.insert(Array(parent))
        directories.insert(path + "/messages".utf8)
        files[path + "/session.json".utf8] = .some(nil)
        let hasTodos =
            try connection.schema().has("todo")
            && connection.exists("SELECT 1 FROM todo WHERE session_id = \(session.id)")
        if hasTodos { files[path + "/todo.json".utf8] = .some(nil) }
        for (id, bytes) in try messages(of: session) {
            files[path + "/messages/".utf8 + Self.name(id, suffix: ".json")] = bytes
        }
    }

    /// Rule N7: V2 first. A NULL is no id.
    private static func sessions(
        _ database: TestDatabase, _ connection: any SQLConnection
    ) throws -> [SQLValue: Session] {
        let tables: [(Rows.Generation, SQLIdentifier)] = [
            (.v1, SQLIdentifier("session")), (.v2, SQLIdentifier("session_v2")),
        ]
        var sessions: [SQLValue: Session] = [:]
        guard !database.family.isGo else {
            // Of no project: of the directory two above the database, on a server of the database itself.
            let home = SQLValue(
                database.server?.database
                    ?? database.path.split(separator: "/").dropLast(2).last.map { String($0) } ?? "/")
            try connection.rows("SELECT id, project_id, parent_session_id FROM sessions WHERE id IS NOT NULL") {
                (row) throws(SQLError) in
                let (id, project) = (row.value(at: 0), row.value(at: 1))
                sessions[id] = Session(
                    id: id, project: project == .null || project == "" ? home : project, parent: row.value(at: 2),
                    isArchived: false, generation: .go)
            }
            return sessions
        }
        for (generation, table) in tables
        where try connection.schema().has(table.name) {
            try connection.rows(
                "SELECT id, project_id, parent_id, time_archived IS NOT NULL FROM \(table) WHERE id IS NOT NULL"
            ) { (row) throws(SQLError) in
                let id = row.value(at: 0)
                sessions[id] = Session(
                    id: id, project: row.value(at: 1), parent: row.value(at: 2), isArchived: row.integer(at: 3) == 1,
                    generation: generation)
            }
        }
        return sessions
    }

    // MARK: Where sessions stand (rule N5)

    private static func path(of session: Session, _ sessions: [SQLValue: Session]) -> [UInt8] {
        let name = name(session.id, reserved: ["project.json", "archived"])
        if let parent = sessions[session.parent], !isInCycle(session, sessions) {
            return path(of: parent, sessions) + "/children/".utf8 + name
        }
        return Self.name(session.project) + (session.isArchived ? "/archived/" : "/").utf8 + name
    }

    private static func isInCycle(_ session: Session, _ sessions: [SQLValue: Session]) -> Bool {
        var current = session
        for _ in sessions {
            guard let parent = sessions[current.parent] else { return false }
            if parent.id == session.id { return true }
            current = parent
        }
        return false
    }

    // MARK: What a message shows (rule R1)

    private func messages(of session: Session) throws -> [(id: SQLValue, bytes: [UInt8])] {
        var messages: [(SQLValue, [UInt8])] = []
        switch session.generation {
        case .v1:
            try connection.rows("SELECT id, data FROM message WHERE session_id = \(session.id) AND id IS NOT NULL") {
                (row) throws(SQLError) in
                let id = row.value(at: 0)
                var parts: [[UInt8]] = []
                try connection.rows(
                    """
                    SELECT id, session_id, data FROM part WHERE message_id = \(id) AND id IS NOT NULL ORDER BY id
                    """
                ) { (part) throws(SQLError) in
                    let members = [
                        ("id", part.value(at: 0)), ("sessionID", part.value(at: 1)), ("messageID", id),
                    ]
                    parts.append(Self.framed(part.bytes(at: 2) ?? [], members))
                }
                let info = Self.framed(row.bytes(at: 1) ?? [], [("id", id), ("sessionID", session.id)])
                var bytes = #"{"info":"#.utf8 + info + ",\n\"parts\":[\n".utf8
                bytes += parts.joined(separator: ",\n".utf8)
                bytes += "\n".utf8
                messages.append((id, bytes + "]}\n".utf8))
            }
        case .v2:
            try connection.rows(
                "SELECT id, type, data FROM session_message WHERE session_id = \(session.id) AND id IS NOT NULL"
            ) {
                (row) throws(SQLError) in
                let members = [("id", row.value(at: 0)), ("type", row.value(at: 1))]
                let bytes = Self.framed(row.bytes(at: 2) ?? [], members) + "\n".utf8
                messages.append((row.value(at: 0), bytes))
            }
        case .go:
            let columns = try (connection.schema().tables["messages"] ?? []).map { Array($0.name.utf8) }
            try connection.rows("SELECT * FROM messages WHERE session_id = \(session.id) AND id IS NOT NULL") {
                (row) throws(SQLError) in
                let members = columns.enumerated().map { index, name -> [UInt8] in
                    let value: [UInt8] =
                        switch row.value(at: index) {
                        case .null: Array("null".utf8)
                        case .integer(let number): Array("\(number)".utf8)
                        case .real(let number): Array("\(number)".utf8)
                        case .text(let bytes), .blob(let bytes):
                            name.elementsEqual("parts".utf8) ? bytes : Self.quoted(bytes)
                        }
                    return Self.quoted(name) + ":".utf8 + value
                }
                let bytes = [UInt8(ascii: "{")] + Array(members.joined(separator: ",".utf8)) + "}\n".utf8
                messages.append((row.value(at: 0), bytes))
            }
        }
        return messages
    }

    private static func framed(_ data: [UInt8], _ members: [(String, SQLValue)]) -> [UInt8] {
        let prefix = members.map { "\"\($0)\":".utf8 + quoted($1.bytes ?? []) }.joined(separator: ",".utf8)
        let frame = [UInt8(ascii: "{")] + prefix
        if data.elementsEqual("{}".utf8) { return frame + "}".utf8 }
        return frame + ",".utf8 + (data.first == UInt8(ascii: "{") ? data.dropFirst() : data[...])
    }

    /// A string as JSON.stringify writes it.
    private static func quoted(_ bytes: [UInt8]) -> [UInt8] {
        var quoted: [UInt8] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): quoted += [UInt8(ascii: "\\"), byte]
            case 0x0a: quoted += "\\n".utf8
            case 0x09: quoted += "\\t".utf8
            case 0..<0x20: quoted += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
            default: quoted.append(byte)
            }
        }
        return [UInt8(ascii: "\"")] + quoted + [UInt8(ascii: "\"")]
    }

    // MARK: How things are called (rules N2 and N4)

    static func name(_ id: SQLValue, reserved: Set<String> = [], suffix: String = "") -> [UInt8] {
        var bytes: [UInt8] = []
        var isBlob = false
        switch id {
        case .text(let text): bytes = text
        case .blob(let blob): (bytes, isBlob) = (blob, true)
        case .integer(let number): bytes = Array("\(number)".utf8)
        case .real(let number): bytes = Array("\(number)".utf8)
        case .null: break
        }
        var pieces = pieces(of: bytes)
        if bytes.isEmpty { pieces = [Array("%empty".utf8)] }
        if reserved.contains(String(decoding: bytes, as: UTF8.self)) { pieces[0] = escaped(pieces[0]) }
        if isBlob { pieces.insert(Array("%x".utf8), at: 0) }
        let room = 255 - suffix.utf8.count
        if pieces.joined().count > room {
            var name: [UInt8] = []
            for piece in pieces {
                guard name.count + piece.count <= room - 18 else { break }
                name += piece
            }
            return name + "%-".utf8 + digest((isBlob ? [1] : []) + bytes).prefix(16).utf8 + suffix.utf8
        }
        return Array(pieces.joined()) + suffix.utf8
    }

    /// The characters of an id, each as it stands in a name.
    private static func pieces(of bytes: [UInt8]) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var parser = Unicode.UTF8.ForwardParser()
        var source = bytes.makeIterator()
        var consumed = 0
        while true {
            switch parser.parseScalar(from: &source) {
            case .emptyInput: return pieces
            case .error(let length):
                pieces += bytes[consumed..<(consumed + length)].map { escaped([$0]) }
                consumed += length
            case .valid(let encoded):
                let character = Array(encoded)
                let scalar = Unicode.UTF8.decode(encoded)
                let isControl = scalar.properties.generalCategory == .control
                let isLeadingDot = scalar == "." && consumed == 0
                pieces.append(
                    isControl || "/%~".unicodeScalars.contains(scalar) || isLeadingDot ? escaped(character) : character)
                consumed += character.count
            }
        }
    }

    private static func escaped(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { "%\($0 < 16 ? "0" : "")\(String($0, radix: 16, uppercase: true))".utf8 }
    }

    private static func digest(_ bytes: [UInt8]) -> String {
        let octal = bytes.map { "\\0" + String($0, radix: 8) }.joined()
        return (try? Run.shell("printf '%b' '\(octal)' | sha256sum").text) ?? "sha256sum failed"
    }
}
