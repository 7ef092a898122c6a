import SessionModel
import SessionStore
import Synchronization
import Testing
import Timing

@Suite struct LegacyTests {
    /// Files that are in memory only.
    private final class Files: LegacyFiles {
        private let files: Mutex<[String: (bytes: [UInt8], written: Int64)]>
        let reads = Mutex(0)

        init(_ files: [String: String]) {
            self.files = Mutex(files.mapValues { (Array($0.utf8), 1) })
        }

        func write(_ path: String, _ text: String) {
            files.withLock { $0[path] = (Array(text.utf8), ($0[path]?.written ?? 0) + 1) }
        }

        func names(in directory: String) -> [String] {
            let prefix = directory.isEmpty ? "" : directory + "/"
            let names = files.withLock { $0.keys.filter { $0.hasPrefix(prefix) } }
                .compactMap { $0.dropFirst(prefix.count).split(separator: "/").first.map(String.init) }
            return Array(Set(names))
        }

        func stamp(of path: String) -> LegacyStamp? {
            files.withLock { $0[path] }.map {
                LegacyStamp(size: $0.bytes.count, modified: Timestamp(milliseconds: $0.written))
            }
        }

        func modified(directory: String) -> Timestamp? { nil }

        func contents(of path: String) -> [UInt8]? {
            reads.withLock { $0 += 1 }
            return files.withLock { $0[path]?.bytes }
        }
    }

    private static let tree = [
        "project/p.json": #"{"id":"other","worktree":"/w","time":{"created":1}}"#,
        "session/p/ses_1.json": #"{"id":"x","title":"T","parentID":"","time":{"created":5,"updated":9}}"#,
        "session/q/ses_2.json": #"{"title":"U","parentID":"ses_1","time":{"created":6,"archived":7}}"#,
        "session/q/.ses_3.json.swp": "{}", "session/q/notes.txt": "",
        "message/ses_1/msg_b.json":
            #"{ "id": "msg_b", "sessionID": "ses_1", "role": "user", "time": { "created": 1.50 } }"#,
        "message/ses_1/msg_a.json": #"{"role":"assistant","time":{"created":3}}"#,
        "part/msg_b/prt_2.json": "{\n  \"id\": \"prt_2\",\n  \"type\": \"text\",\n  \"text\": \"a  b\"\n}",
        "part/msg_b/prt_1.json": "broken",
        "todo/ses_1.json": #"[{"content":"c","status":"s","priority":"p","id":"1"}]"#,
    ]

    private static func reading<Result>(
        _ store: LegacyStore, _ body: (any HistorySnapshot) throws(StoreError) -> Result
    ) throws -> Result {
        try store.reading(.lasting(.seconds(5)), body)
    }

    @Test func `E4 ids are those of the names, and the texts those that OpenCode 1.2 made of the files`() throws {
        let store = try LegacyStore(files: Files(Self.tree))
        try Self.reading(store) { (snapshot) throws(StoreError) in
            let projects = try snapshot.projects()
            #expect(projects.map(\.id) == [Project.ID("p"), Project.ID("q")])
            #expect(projects[0].worktree == Array("/w".utf8) && projects[1].worktree == nil)
            let sessions = try snapshot.sessions()
            #expect(sessions.map(\.id) == [Session.ID("ses_1"), Session.ID("ses_2")])
            #expect(sessions[0].parent == nil && sessions[1].parent == Session.ID("ses_1"))
            #expect(sessions[1].isArchived && sessions[1].updated == 6)
            #expect(
                try snapshot.messageOrder(of: Session.ID("ses_1")).map(\.id) == [
                    Message.ID("msg_b"), Message.ID("msg_a"),
                ])
            let message = try snapshot.message(Message.ID("msg_b"), of: Session.ID("ses_1"))
            let texts = try message.map { (message) throws(StoreError) in try snapshot.texts(of: message) } ?? []
            #expect(
                texts.map { String(decoding: $0, as: UTF8.self) } == [
                    #"{"role":"user","time":{"created":1.50}}"#, "broken", #"{"type":"text","text":"a  b"}"#,
                ])
            #expect(message?.texts.map(\.octets) == texts.map(\.count))
            #expect(try snapshot.session(of: Message.ID("msg_a")) == Session.ID("ses_1"))
            #expect(try snapshot.session(of: Message.ID("nobody")) == nil)
            #expect(try snapshot.todos(of: Session.ID("ses_1")).count == 1)
            let counts = try snapshot.counts()
            #expect(counts.messages == 2 && counts.parts == 2 && counts.sessions == 2 && counts.projects == 2)
        }
    }

    @Test func `E4 ids that were escaped to be names are read back`() throws {
        let cut = "\(String(repeating: "m", count: 230))%-0123456789abcdef"
        let long = String(repeating: "m", count: 300)
        let store = try LegacyStore(
            files: Files([
                "project/github.com%2Fdana%2Fshop.json": #"{"id":"github.com/dana/shop"}"#,
                "session/github.com%2Fdana%2Fshop/s%7E1.json": #"{"id":"s~1","time":{"created":1}}"#,
                "session/other%2Fone/s2.json": "{}",
                "session/global/50%25.json": #"{"id":"another"}"#,
                "message/s%7E1/a%2Fb.json": #"{"id":"a/b","role":"user","time":{"created":1}}"#,
                "message/s%7E1/\(cut).json": #"{"id":"\#(long)","time":{"created":2}}"#,
                "part/a%2Fb/%2Ep%25.json": #"{"id":".p%","type":"text"}"#,
                "part/\(cut)/p2.json": #"{"id":"p2","type":"text"}"#,
                "todo/s%7E1.json": #"[{"content":"c"}]"#,
            ]))
        try Self.reading(store) { (snapshot) throws(StoreError) in
            let projects = ["github.com/dana/shop", "global", "other/one"].map { Project.ID($0) }
            #expect(try snapshot.projects().map(\.id).sorted() == projects)
            let session = Session.ID("s~1")
            // A name that the file contradicts is an id, whatever it looks like.
            #expect(try snapshot.sessions().map(\.id) == [session, Session.ID("50%25"), Session.ID("s2")])
            #expect(try snapshot.sessions().map(\.project) == projects)
            #expect(try snapshot.sessionRecord(session)?.row.text("id") == Array("s~1".utf8))
            #expect(try snapshot.projectRecord(projects[0]) != nil)
            #expect(try snapshot.messageOrder(of: session).map(\.id) == [Message.ID("a/b"), Message.ID(long)])
            #expect(try snapshot.session(of: Message.ID(long)) == session)
            #expect(try snapshot.todos(of: session).count == 1)
            let message = try snapshot.message(Message.ID("a/b"), of: session)
            guard let message, case .parted(_, let parts) = message.shape else {
                Issue.record("no message")
                return
            }
            #expect(parts.map(\.id) == [Message.Part.ID(".p%")])
            #expect(
                try snapshot.texts(of: message).map { String(decoding: $0, as: UTF8.self) } == [
                    #"{"role":"user","time":{"created":1}}"#, #"{"type":"text"}"#,
                ])
            #expect(try snapshot.role(of: message) == Array("user".utf8))
            #expect(try snapshot.counts().parts == 2)
            // Nor does an id lead out of the directory.
            #expect(try snapshot.message(Message.ID("../../session/global/50%25"), of: session) == nil)
        }
    }

    @Test func `E4 a file is read again when it has been written, and only then`() throws {
        let files = Files(Self.tree)
        let store = try LegacyStore(files: files)
        func octets() throws -> [Int] {
            try Self.reading(store) { (snapshot) throws(StoreError) in
                try snapshot.message(Message.ID("msg_b"), of: Session.ID("ses_1"))?.texts.map(\.octets) ?? []
            }
        }
        let before = try octets()
        let reads = files.reads.withLock { $0 }
        #expect(try octets() == before)
        #expect(files.reads.withLock { $0 } == reads)
        files.write("part/msg_b/prt_2.json", #"{"type":"text","text":"longer than before"}"#)
        #expect(try octets() != before)
        #expect(files.reads.withLock { $0 } == reads + 1)
    }

    @Test func `E4 nothing can be changed, and a directory of something else is none`() throws {
        let store = try LegacyStore(files: Files(Self.tree))
        let writing = Writing(patience: .lasting(.seconds(1)), process: 1, path: "")
        #expect(throws: StoreError.self) { try store.removeSession(Session.ID("ses_1"), writing) }
        #expect(throws: StoreError.self) {
            try store.removeMessage(Message.ID("msg_a"), of: Session.ID("ses_1"), writing)
        }
        #expect(throws: StoreError.self) { try store.apply(writing) { _ throws(StoreError) in [] } }
        #expect(try store.facts().readOnlyReason != nil)
        #expect(throws: StoreError.self) { try LegacyStore(files: Files(["notes.txt": ""])) }
    }
}
