import SQL
import SQLiteDriver
import SessionModel
import SessionStore
import TestSupport
import Testing
import Timing

@testable import SessionTree

/// What the tree makes of files that a store's own rows were rendered to.
@Suite struct CopyingTests {
    /// What a history holds, read out of its database.
    private struct Contents {
        var messages: [(message: Message, texts: [[UInt8]], generation: SessionRecord.Generation)] = []
        var sessions: [(session: Session, record: SessionRecord)] = []
        var projects: [(id: Project.ID, row: Record?)] = []

        init(_ store: any SessionStore) throws {
            try store.reading(.lasting(.seconds(60))) { (history) throws(StoreError) in
                for session in try history.sessions() {
                    guard let record = try history.sessionRecord(session.id) else { continue }
                    sessions.append((session, record))
                    var listed: [Message] = []
                    try history.messages(of: session.id) { listed.append($0) }
                    for message in listed {
                        messages.append((message, try history.texts(of: message), record.generation))
                    }
                }
                for project in try history.projects() {
                    projects.append((project.id, try history.projectRecord(project.id)))
                }
            }
        }
    }

    @Test(arguments: ["v1", "v2", "both", "go"])
    func `W5 whatever OpenCode stores can be copied byte for byte, and saved without a change`(family: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("opencode.db")
        switch family {
        case "v1": _ = try TestDatabase(demo: .v1, at: path)
        case "v2": _ = try TestDatabase(demo: .v2, at: path)
        case "both": _ = try TestDatabase(demo: .both, at: path)
        default: _ = try TestDatabase(demo: .go, at: path)
        }
        let open = { @Sendable (_: Patience) throws(SQLError) -> any SQLConnection in
            try SQLiteConnection(path: path, access: .readOnly)
        }
        let store: any SessionStore =
            family == "go"
            ? try GoStore(open: open, trash: nil, readOnlyReason: "a test", home: ProjectIdentity(Project.ID("home")))
            : try TypeScriptStore(open: open, trash: nil, readOnlyReason: "a test")
        defer { store.close() }
        let contents = try Contents(store)
        #expect(contents.messages.count > 50 && contents.sessions.count > 5)
        for (message, texts, generation) in contents.messages {
            let file = MessageFile.bytes(of: message, texts)
            let copy = try MessageEdit.newMessage(message.id, in: message.session, generation, from: file)
            let copied: [[UInt8]] =
                switch copy.content {
                case .parted(let info, let parts): [info] + parts.map(\.data)
                case .typed(_, let data): [data]
                case .row(let columns):
                    columns.compactMap {
                        if $0.column == "parts", case .text(let bytes)? = $0.value { bytes } else { nil }
                    }
                }
            #expect(copied == texts)
            #expect(copy.created != nil)
            // With a space in front it is not the same bytes any more, and says the same.
            #expect(try MessageEdit.changes(of: message, texts: texts, savedAs: [0x20] + file) == nil)
        }
        for (session, record) in contents.sessions {
            let file = SessionFile.render(record)
            #expect(try SessionEdit.changes(of: record, savedAs: [0x20] + file, now: 1).isEmpty)
            let home = SessionHome(
                project: session.project, worktree: nil, parent: session.parent, isArchived: session.isArchived)
            let made = try SessionEdit.newSession(
                session.id, record.generation, in: home, from: file, title: nil, now: 1, isKnown: { _ in true })
            var row: [String: Record.Field] = ["id": .text(session.id.bytes)]
            for assignment in made { row[assignment.column] = assignment.value }
            // The count of its messages follows its messages.
            if record.generation == .go { row["message_count"] = record.row["message_count"] }
            let copy = SessionRecord(generation: record.generation, row: Record(row, columns: record.row.columns))
            #expect(String(decoding: SessionFile.render(copy), as: UTF8.self) == String(decoding: file, as: UTF8.self))
        }
        for (id, row) in contents.projects where family != "go" {
            let file = ProjectFile.render(id, row)
            #expect(try ProjectEdit.changes(of: id, row, savedAs: [0x20] + file, now: 1).isEmpty)
            let made = try ProjectEdit.newProject(id, from: file, now: 1)
            let fields = Dictionary(uniqueKeysWithValues: made.compactMap { one in one.value.map { (one.column, $0) } })
            #expect(ProjectFile.render(id, Record(fields)) == file)
        }
    }
}
