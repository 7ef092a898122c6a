import SQL
import SessionModel
import SessionStore
import TestSupport
import Testing
import VFS

@testable import SessionFileSystem

@Suite struct FailureTests {
    static let errors: [(StoreError, Errno)] = [
        (.notFound, .noEntry), (.notEmpty, .notEmpty), (.notAllowed(reason: "w"), .notPermitted),
        (.readOnly(reason: "r"), .readOnly), (.unsupportedSchema(reason: "u"), .inputOutput), (.busy, .busy),
        (.full, .noSpace),
        (.tooLarge(reason: ""), .tooLarge), (.denied(reason: "may not"), .accessDenied), (.expired(), .timedOut),
        (.cancelled, .interrupted),
        (.unavailable(reason: "x"), .inputOutput),
    ]

    private func tree(in directory: borrowing TemporaryDirectory, _ trouble: FailingStore.Trouble) throws -> TestTree {
        let plain = try TestTree(in: directory)
        try plain.addSession(SQLValue("s"))
        try plain.addSession(SQLValue("child"), parent: SQLValue("s"))
        try plain.addSession(SQLValue("old"), archived: .integer(1))
        for number in 1...4 as ClosedRange<Int64> {
            try plain.addMessage(SQLValue("m\(number)"), of: SQLValue("s"), at: number, parts: [SQLValue("{}")])
        }
        return try again(plain, in: directory, trouble)
    }

    /// A mount that has seen nothing yet.
    private func again(_ tree: TestTree, in directory: borrowing TemporaryDirectory, _ trouble: FailingStore.Trouble)
        throws
        -> TestTree
    {
        try TestTree(tree.database, in: directory) { FailingStore($0, trouble) }
    }

    @Test(arguments: errors) func `each refusal of the store is one errno`(error: StoreError, errno: Errno) throws {
        #expect(Errno(error) == errno)
        let directory = try TemporaryDirectory()
        let trouble = FailingStore.Trouble()
        let tree = try tree(in: directory, trouble)
        let messages = try tree.find("app", "~s", "messages").node
        let file = try tree.find("app", "~s", "messages", "m1").node
        let handle = try tree.files.opened(file, .reading, for: tree.caller)
        _ = try tree.read(handle)
        trouble.arise(after: 0, error)
        #expect(throws: errno) { try tree.files.lookup(FileName("m2.json"), in: messages, for: tree.caller) }
        #expect(throws: errno) { try tree.files.openDirectory(messages, for: tree.caller) }
        #expect(throws: errno) { try tree.files.attributes(of: messages, for: tree.caller) }
        #expect(throws: errno) { try tree.files.opened(file, .reading, for: tree.caller) }
        #expect(throws: errno) { try tree.files.read(handle, at: 0, count: 5, for: tree.caller) }
        #expect(throws: errno) { try tree.files.unlink(FileName("m2.json"), in: messages, for: tree.caller) }
        #expect(throws: errno) {
            try tree.files.removeDirectory(.messages, in: tree.find("app", "~s").node, for: tree.caller)
        }
        #expect(throws: errno) { try tree.files.statistics(for: tree.caller) }
        // The attributes of a version are known without asking.
        #expect(throws: Never.self) { try tree.files.attributes(of: file, for: tree.caller) }

        // One line for each that is not everyday, with what to do and without anybody's words.
        let isEveryday = [.noEntry, .notEmpty].contains(errno)
        #expect(tree.notes.errors.isEmpty == isEveryday)
        for line in tree.notes.errors {
            let json = try JSON(parsing: Array(line.utf8))
            #expect(json["errno"] == .string(errno.symbol))
            #expect(json["reason"]?.string?.isEmpty == false && json["path"] != nil && json["operation"] != nil)
        }
        trouble.end()
        #expect(throws: Never.self) { try tree.files.lookup(FileName("m2.json"), in: messages, for: tree.caller) }
    }

    @Test(arguments: [
        [], ["app"], ["app", "~s"], ["app", "~s", "messages"], ["app", "~s", "children"], ["app", "archived"],
    ])
    func `R6 a listing is whole or an error`(path: [String]) throws {
        let directory = try TemporaryDirectory()
        let trouble = FailingStore.Trouble()
        let first = try tree(in: directory, trouble)
        func node(_ tree: TestTree) throws -> NodeID {
            try path.reduce(NodeID.root) { parent, part in
                let name = try tree.list(parent).map(\.name).first {
                    $0.description.hasSuffix(part) || $0.description.hasPrefix(part)
                }
                return try tree.files.lookup(#require(name), in: parent, for: tree.caller).node
            }
        }
        let whole = try first.list(node(first)).map(\.name)
        #expect(!whole.isEmpty)
        for (error, errno) in [(StoreError.unavailable(reason: "gone"), Errno.inputOutput), (.expired(), .timedOut)] {
            var failures = 0
            for questions in 0..<100 {
                let tree = try again(first, in: directory, trouble)
                let node = try node(tree)
                // A mount whose outline is not fresh asks for everything again.
                try tree.database.run("UPDATE project SET time_updated = time_updated + 1")
                trouble.arise(after: questions, error)
                defer { trouble.end() }
                do throws(Errno) {
                    var names: [FileName] = []
                    let handle = try tree.files.openDirectory(node, for: tree.caller)
                    try tree.files.readDirectory(handle, from: 0, for: tree.caller) { entry, _ in
                        if entry.name != .current, entry.name != .parent { names.append(entry.name) }
                        return true
                    }
                    #expect(names == whole)
                } catch {
                    failures += 1
                    #expect(error == errno)
                }
                if !trouble.hasStruck { break }
            }
            #expect((3..<100).contains(failures))
        }
    }

    @Test func `R4 a file is read whole or there is an error`() throws {
        let directory = try TemporaryDirectory()
        let trouble = FailingStore.Trouble()
        let first = try tree(in: directory, trouble)
        let whole = try first.read(first.find("app", "~s", "messages", "m2").node)
        var failures = 0
        for questions in 0..<100 {
            let tree = try again(first, in: directory, trouble)
            let node = try tree.find("app", "~s", "messages", "m2").node
            trouble.arise(after: questions, .unavailable(reason: "gone"))
            defer { trouble.end() }
            do {
                #expect(try tree.read(node, count: 16) == whole)
            } catch let error as Errno {
                failures += 1
                #expect(error == .inputOutput)
            }
            if !trouble.hasStruck { break }
        }
        #expect((3..<100).contains(failures))
    }

    @Test func `a removal happens whole or there is an error`() throws {
        let directory = try TemporaryDirectory()
        let trouble = FailingStore.Trouble()
        let tree = try tree(in: directory, trouble)
        let messages = try tree.find("app", "~s", "messages").node
        let before = try tree.list(messages).map(\.name)
        var failures = 0
        for questions in 0..<100 {
            trouble.arise(after: questions, .busy)
            defer { trouble.end() }
            do throws(Errno) {
                try tree.files.unlink(before[0], in: messages, for: tree.caller)
                break
            } catch {
                failures += 1
                #expect(error == .busy)
                trouble.end()
                #expect(try tree.list(messages).map(\.name) == before)
            }
        }
        #expect((2..<100).contains(failures))
        #expect(try tree.list(messages).map(\.name) == Array(before.dropFirst()))
    }
}
