import DemoHistory
import Glibc
import SQL
import TestSupport
import Testing

/// The whole tree, compared with the whole database.
@Suite(.serialized, .timeLimit(.minutes(25))) struct WholeTreeTests {
    /// Fails for every file that is missing, too many, or other than its rows say.
    private func compare(_ shown: [[UInt8]: FileTree.Node], with expected: ExpectedTree) {
        func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }
        // What is made from the rows has tests of its own.
        let shown = shown.filter { path, _ in path != Array("README.md".utf8) }
        let files = shown.filter { $0.value.bytes != nil }
        let directories = Set(shown.keys).subtracting(files.keys)
        #expect(Set(expected.files.keys).subtracting(files.keys).map(text) == [], "files that are not shown")
        #expect(Set(files.keys).subtracting(expected.files.keys).map(text) == [], "files that should not be")
        #expect(expected.directories.subtracting(directories).map(text) == [], "directories that are not shown")
        #expect(directories.subtracting(expected.directories).map(text) == [], "directories that should not be")
        for (path, node) in files {
            guard let bytes = expected.files[path] ?? nil, bytes != node.bytes else { continue }
            let shown = node.bytes ?? []
            let position =
                zip(bytes, shown).enumerated().first { $1.0 != $1.1 }?.offset ?? min(bytes.count, shown.count)
            Issue.record("\(text(path)) differs from its rows at byte \(position) of \(bytes.count)")
        }
    }

    @Test(arguments: TestFamily.allCases)
    func `R1 R2 N5 N7 a history is shown row by row`(family: TestFamily) throws {
        let mounted = try MountedHistory(demo: family, sessions: 16, messages: 160)
        let tree = try FileTree(mounted.mountpoint)
        let expected = try ExpectedTree(mounted.database)
        #expect(expected.files.count > 160)
        #expect(tree.faults == [])
        #expect(tree.withoutLabels.count == tree.nodes.count)
        compare(tree.withoutLabels, with: expected)
    }

    @Test(arguments: TestFamily.allCases)
    func `R1 R2 R6 N4 awkward rows are shown as they are`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { _ in }
        try AwkwardHistory.write(to: mounted.database)
        let tree = try FileTree(mounted.mountpoint)
        let expected = try ExpectedTree(mounted.database)
        #expect(expected.files.count > 200)
        #expect(tree.faults == [])
        #expect(tree.withoutLabels.count == tree.nodes.count)
        compare(tree.withoutLabels, with: expected)
    }

    @Test(arguments: TestFamily.allCases)
    func `N2 names=id lists awkward rows by their ids alone`(family: TestFamily) throws {
        let mounted = try MountedHistory(family, ["-o", "names=id"]) { _ in }
        try AwkwardHistory.write(to: mounted.database)
        let tree = try FileTree(mounted.mountpoint)
        #expect(tree.faults == [])
        #expect(tree.nodes.count > 200)
        compare(tree.nodes, with: try ExpectedTree(mounted.database))
    }

    @Test(arguments: [TestFamily.v1, .v2, .go])
    func `N1 every entry is found by its id alone, and is the same`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { _ in }
        try AwkwardHistory.write(to: mounted.database)
        let tree = try FileTree(mounted.mountpoint)
        var faults: [String] = []
        for (path, node) in tree.withoutLabels {
            let status = try? File.status(mounted.path(String(decoding: path, as: UTF8.self)))
            if status?.st_ino != node.status.st_ino { faults.append(node.path) }
        }
        #expect(faults == [])
        let inodes = Set(tree.nodes.values.map(\.status.st_ino))
        #expect(inodes.count == tree.nodes.count, "two entries with one inode number")
    }

    @Test(
        arguments: [
            "find . -ls", "ls -lR", "ls -laR --full-time", "du -s .", "tar c . | wc -c", "grep -rl role . | wc -l",
            "find . -type f -print0 | xargs -0 md5sum", "find . -name '*.json' -size +4M | grep large",
            "cp -r . ../copy",
        ])
    func `programs go through an awkward tree without an error`(line: String) throws {
        let mounted = try MountedHistory(.both) { _ in }
        try AwkwardHistory.write(to: mounted.database)
        // The kernel may believe for so long that the root is empty and as old (rule R5); tar minds.
        usleep(200_000)
        let run = try mounted.shell(line)
        #expect(run.status == 0)
        #expect(run.errors == "")
        if line.hasPrefix("cp") {
            #expect(try mounted.shell("diff -r --no-dereference . ../copy").status == 0)
        } else {
            #expect(run.output.count > 1)
        }
    }

    @Test(arguments: TestFamily.allCases)
    func `R6 an empty database is an empty tree`(family: TestFamily) throws {
        let mounted = try MountedHistory(family) { _ in }
        #expect(try File.projects(in: mounted.mountpoint) == [])
        #expect(try mounted.shell("ls -la && find . && df .").status == 0)
        let status = try JSONValue(File.contents(mounted.path(".opencodefs/status.json")))
        #expect(status["counts"]?["sessions"]?.number == 0)
        // And it fills while it is mounted.
        let rows = try Rows(mounted.database)
        try rows.project("shop")
        try rows.session("ses_1")
        let mountpoint = mounted.mountpoint
        #expect(Sandbox.waits { (try? File.projects(in: mountpoint)) == [family.shop] })
        #expect(try File.exists(mounted.session("ses_1") + "/session.json"))
    }

    @Test func `the control directory is reachable and not listed`() throws {
        let mounted = try MountedHistory(demo: .v1)
        #expect(try !File.names(in: mounted.mountpoint).contains(".opencodefs"))
        #expect(
            try File.names(in: mounted.path(".opencodefs")) == [
                "by", "conflicts", "errors.jsonl", "rejected", "search", "sessions", "status.json", "storage", "trash",
            ])
        #expect(try !mounted.shell("find . -print").text.contains(".opencodefs"))
    }
}
