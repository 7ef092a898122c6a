import SessionModel
import SessionTree
import VFS

/// Names: what the database calls things, and what programs ask for.
enum NameFuzzer {
    static func run(_ input: inout FuzzInput) {
        let choice = input.byte()
        let naming = Naming(style: choice & 1 == 0 ? .labels : .identifiers)
        let isBlob = choice & 2 != 0
        let title = input.bytes()
        let created = Int64(bitPattern: input.number())
        let bytes = input.remainder()
        let id = Session.ID(bytes: bytes, isBlob: isBlob)
        let session = Session(
            id: id, project: Project.ID(bytes: title), parent: nil, title: title, created: created, updated: created,
            isArchived: false)
        let name = naming.name(of: session)
        check(name)
        check(naming.name(of: Project(id: Project.ID(bytes: bytes), worktree: title, created: 0, updated: 0)))
        switch naming.identifier(in: name, of: Session.self) {
        case .id(let found): expect(found == id, "a name leads back to its id")
        case .cut: expect(name.bytes.count > 200, "only what is too long is cut")
        case .none: expect(false, "a name that was made is a name")
        }
        expect(naming.matches(name, canonical: name, former: []), "a name asks for what it names")
        expect(naming.matches(naming.bare(name), canonical: name, former: []), "and so does the id alone")
        let message = Message.ID(bytes: bytes, isBlob: isBlob)
        let file = naming.name(of: message, ordinal: created, role: title)
        check(file)
        if case .id(let found) = naming.message(in: file) { expect(found == message, "a file leads back to its id") }
        // What programs ask for is anything.
        guard let asked = FileName(bytes: bytes) else { return }
        _ = naming.bare(asked)
        _ = naming.identifier(in: asked, of: Project.self)
        if case .id(let found) = naming.message(in: asked) {
            check(naming.name(of: found, ordinal: 0, role: nil))
        }
    }

    private static func check(_ name: FileName) {
        expect(FileName(bytes: name.bytes) != nil, "what is shown is a file name")
        expect(!name.bytes.contains { $0 < 0x20 || $0 == 0x7f }, "no control characters are shown")
        expect(name.bytes.first != UInt8(ascii: "."), "nothing is hidden")
    }
}
