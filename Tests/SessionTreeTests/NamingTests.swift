import SessionModel
import SessionTree
import TestSupport
import Testing
import VFS

@Suite struct NamingTests {
    private static let styles = [Naming.Style.labels, .identifiers]

    private func session(_ id: Session.ID, _ title: String? = "Fix login") -> Session {
        Session(
            id: id, project: .init("p"), parent: nil, title: title.map { Array($0.utf8) }, created: 1_794_998_130_123,
            updated: 0, isArchived: false)
    }

    @Test func `N1 a name is a label and an identifier`() {
        let naming = Naming(style: .labels)
        let project = Project(id: .init("4b0e"), worktree: Array("/home/me/myapp".utf8), created: 0, updated: 0)
        #expect(naming.name(of: project).description == "myapp~4b0e")
        #expect(naming.name(of: session(.init("ses_4d"))).description.hasSuffix(".Fix-login~ses_4d"))
        let message = naming.name(of: Message.ID("msg_1"), ordinal: 7, role: Array("user".utf8))
        #expect(message.description == "000007.user~msg_1.json")
    }

    @Test func `N2 names may be identifiers alone`() {
        let naming = Naming(style: .identifiers)
        let project = Project(id: .init("4b0e"), worktree: Array("/home/me/myapp".utf8), created: 0, updated: 0)
        #expect(naming.name(of: project).description == "4b0e")
        #expect(naming.name(of: session(.init("ses_4d"))).description == "ses_4d")
        #expect(naming.name(of: Message.ID("msg_1"), ordinal: 7, role: nil).description == "msg_1.json")
    }

    @Test func `N1 a session is found by its name, by its id and by a name it had`() throws {
        let naming = Naming(style: .labels)
        let name = naming.name(of: session(.init("ses_4d")))
        let former = naming.name(of: session(.init("ses_4d"), "Another title"))
        let asked = try #require(FileName(bytes: Array("other~ses_4d".utf8)))
        #expect(naming.matches(name, canonical: name, former: []))
        #expect(naming.matches(FileName("ses_4d"), canonical: name, former: []))
        #expect(!naming.matches(former, canonical: name, former: []))
        #expect(naming.matches(former, canonical: name, former: [former]))
        #expect(!naming.matches(asked, canonical: name, former: [former]))
    }

    @Test(
        arguments: [
            ("ses_1", .id(.init("ses_1"))), ("label~ses_1", .id(.init("ses_1"))), ("a~b~c", .id(.init("c"))),
            ("a~", .none), ("a~%2", .none), ("~x", .id(.init("x"))), ("x~%empty", .id(.init(""))),
            ("%2Ehidden", .id(.init(".hidden"))), ("abc%-0123456789abcdef", .cut), ("%-0123456789abcde", .none),
            ("l~%xa", .id(.init(bytes: [0x61], isBlob: true))),
        ] as [(String, Naming.Reading<Session>)])
    func `N1 what a name asks for`(text: String, expected: Naming.Reading<Session>) throws {
        let name = try #require(FileName(bytes: Array(text.utf8)))
        #expect(Naming(style: .labels).identifier(in: name, of: Session.self) == expected)
    }

    @Test(
        arguments: [
            ("msg_1.json", .id(.init("msg_1"))), ("000001.user~msg_1.json", .id(.init("msg_1"))), ("msg_1", .none),
            (".json", .none), ("msg_1.json~", .none), ("msg_1.jso", .none), ("x~.json", .none),
            ("a.json.json", .id(.init("a.json"))),
            ("%empty.json", .id(.init(""))), ("ab%-0123456789abcdef.json", .cut), (".msg_1.json.swp", .none),
        ] as [(String, Naming.Reading<Message>)])
    func `N1 what the name of a message's file asks for`(text: String, expected: Naming.Reading<Message>) throws {
        let name = try #require(FileName(bytes: Array(text.utf8)))
        #expect(Naming(style: .labels).message(in: name) == expected)
    }

    @Test(arguments: ["project.json", "archived"])
    func `N4 a session called as something beside it has another name`(id: String) {
        for style in Self.styles {
            let naming = Naming(style: style)
            let name = naming.name(of: session(.init(id), nil))
            #expect(naming.bare(name).description != id)
            #expect(naming.identifier(in: name, of: Session.self) == .id(.init(id)))
        }
    }

    @Test func `N4 the project whose id is the control directory's name has another`() {
        let naming = Naming(style: .identifiers)
        let project = Project(id: .init(".opencodefs"), worktree: nil, created: 0, updated: 0)
        #expect(naming.name(of: project).description == "%2Eopencodefs")
    }

    @Test func `N4 a label gives way to its identifier`() throws {
        let naming = Naming(style: .labels)
        let title = String(repeating: "a", count: 60)
        for count in [150, 183, 200, 243, 244, 250, 255] {
            let id = Session.ID(String(repeating: "x", count: count))
            let name = naming.name(of: session(id, title))
            #expect(name.bytes.count <= 255)
            #expect(naming.identifier(in: name, of: Session.self) == .id(id))
            #expect(naming.bare(name) == Naming(style: .identifiers).name(of: session(id, title)))
        }
    }

    /// Ten batches of ten thousand, of bytes that are likely to be trouble.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func `N4 names are distinct, valid and lead back to their ids`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabets: [[UInt8]] = [
            Array("ab./%~-xX20FEé😀\u{85}\n\0".utf8), Array(0...255), Array("%-x0/.".utf8), Array("abcdefghij".utf8),
        ]
        var ids: Set<Message.ID> = []
        for _ in 0..<10_000 {
            let isLong = Int.random(in: 0..<50, using: &random) == 0
            let bytes = random.bytes(isLong ? 80...400 : 0...12, of: alphabets.randomElement(using: &random)!)
            ids.insert(Message.ID(bytes: bytes, isBlob: Int.random(in: 0..<8, using: &random) == 0))
        }
        let naming = Naming(style: seed.isMultiple(of: 2) ? .labels : .identifiers)
        var names: Set<FileName> = []
        var cut = 0
        for id in ids {
            let name = naming.name(of: id, ordinal: 1, role: Array("user".utf8))
            let isValid = FileName(bytes: name.bytes) == name && String(validating: name.bytes, as: UTF8.self) != nil
            let isNew = names.insert(name).inserted
            let reading = naming.message(in: name)
            if reading == .cut { cut += 1 }
            // One expectation for what holds nearly always: each costs more than what it looks at.
            if !isValid || !isNew || (reading != .id(id) && (reading != .cut || id.bytes.count < 60)) {
                Issue.record("\(id.bytes) is called \(name)")
            }
        }
        #expect(names.count == ids.count)
        #expect(cut > 10)
    }
}
