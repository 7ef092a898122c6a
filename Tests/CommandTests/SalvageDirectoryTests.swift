import Foundation
import SessionFileSystem
import SessionTree
import TestSupport
import Testing
import VFS

@testable import opencodefs

@Suite struct SalvageDirectoryTests {
    private static let message = FileName("000002.assistant~msg_x.json")

    private func salvage(
        in directory: borrowing TemporaryDirectory, limits: SalvageDirectory.Limits = .init()
    ) -> SalvageDirectory {
        SalvageDirectory(directory.file("state/opencodefs"), limits: limits)
    }

    private func keep(
        _ text: String, in salvage: SalvageDirectory, as kind: SalvageKind = .rejected, of name: FileName = message
    ) throws -> FileName {
        try salvage.keep(Array(text.utf8), as: kind, of: name, reason: "EINVAL: no JSON; /app/\(name)")
    }

    /// Sets how long ago a file was written.
    private func age(_ path: String, seconds: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: path)
    }

    private func names(_ directory: borrowing TemporaryDirectory, _ kind: SalvageKind = .rejected) throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            atPath: directory.file("state/opencodefs/\(kind.directory)")
        ).sorted()
    }

    @Test(arguments: SalvageKind.allCases)
    func `W2 bytes are kept under a name that tells when and what, with their reason beside them`(kind: SalvageKind)
        throws
    {
        let directory = try TemporaryDirectory()
        let salvage = salvage(in: directory)
        #expect(try salvage.list(kind).isEmpty)
        let kept = try keep("{broken", in: salvage, as: kind)
        #expect("\(kept)".wholeMatch(of: /\d{8}T\d{6}\.\d{3}-000002\.assistant~msg_x\.json/) != nil)
        let reason = try #require(FileName(bytes: kept.bytes + ".reason".utf8))
        #expect(try salvage.list(kind).map(\.name) == [kept, reason])
        #expect(try salvage.list(kind).map(\.size).first == 7)
        #expect(try salvage.read(kept, in: kind) == Array("{broken".utf8))
        let line = String(decoding: try salvage.read(reason, in: kind), as: UTF8.self)
        #expect(line.hasPrefix("EINVAL: no JSON; /app/000002.assistant~msg_x.json; 2"))
        #expect(line.hasSuffix("Z\n") && line.count { $0 == "\n" } == 1)
        #expect(try names(directory, kind) == ["\(kept)", "\(reason)"])
        let manager = FileManager.default
        let base = directory.file("state/opencodefs/\(kind.directory)")
        for (path, mode) in [(base, 0o700), (base + "/\(kept)", 0o600), (base + "/\(reason)", 0o600)] {
            let attributes = try manager.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == mode, "\(path)")
        }
    }

    @Test func `W2 a reason is one line, whatever is in it`() throws {
        let directory = try TemporaryDirectory()
        let salvage = salvage(in: directory)
        let name = try #require(FileName(bytes: Array("a\nb\u{1b}.json".utf8) + [0xff]))
        let kept = try salvage.keep([], as: .rejected, of: name, reason: "EINVAL: a\nb\r")
        let reason = try #require(FileName(bytes: kept.bytes + ".reason".utf8))
        #expect(try salvage.read(reason, in: .rejected).count { $0 < 0x20 } == 1)
        #expect(!kept.bytes.contains { $0 < 0x20 })
        #expect(try salvage.read(kept, in: .rejected).isEmpty)
    }

    @Test func `W2 names of any length and kind are kept`() throws {
        let directory = try TemporaryDirectory()
        let salvage = salvage(in: directory)
        let long = try #require(FileName(bytes: Array(String(repeating: "ü", count: 125).utf8) + ".json".utf8))
        let kept = try keep("1", in: salvage, of: long)
        #expect(kept.bytes.count <= 255 && "\(kept)".hasSuffix("ü.json") && !"\(kept)".contains("\u{fffd}"))
        // What looks like a reason is none: it would go as one whose bytes are gone.
        let odd = try keep("2", in: salvage, of: FileName("x.reason"))
        salvage.prune()
        #expect(try salvage.list(.rejected).count == 4)
        #expect(try salvage.read(odd, in: .rejected) == Array("2".utf8))
    }

    @Test func `W3 the same bytes for the same name are kept once within ten seconds`() throws {
        let directory = try TemporaryDirectory()
        let salvage = salvage(in: directory)
        let kept = try keep("same", in: salvage, as: .conflict)
        #expect(try keep("same", in: salvage, as: .conflict) == kept)
        let others = try [
            keep("diff", in: salvage, as: .conflict), keep("same", in: salvage, as: .rejected),
            keep("same", in: salvage, as: .conflict, of: FileName("b.json")),
        ]
        #expect(!others.contains(kept))
        // Unless somebody has removed it.
        try salvage.remove(kept, in: .conflict)
        let again = try keep("same", in: salvage, as: .conflict)
        #expect(try salvage.read(again, in: .conflict) == Array("same".utf8))
    }

    @Test func `W2 several mounts keep at once, and every byte is there`() async throws {
        let directory = try TemporaryDirectory()
        // As in processes of their own: they share nothing but the disk.
        let base = directory.file("state/opencodefs")
        let kept = try await withThrowingTaskGroup(of: (FileName, String).self) { group in
            for mount in 0..<4 {
                group.addTask {
                    let salvage = SalvageDirectory(base)
                    let text = "mount \(mount)"
                    return (
                        try salvage.keep(Array(text.utf8), as: .rejected, of: Self.message, reason: "EINVAL"), text
                    )
                }
            }
            return try await group.reduce(into: [FileName: String]()) { $0[$1.0] = $1.1 }
        }
        #expect(kept.count == 4)
        let salvage = SalvageDirectory(base)
        for (name, text) in kept { #expect(try salvage.read(name, in: .rejected) == Array(text.utf8)) }
        #expect(try salvage.list(.rejected).count == 8)
    }

    @Test func `W2 what is older than seven days goes with its reason`() throws {
        let directory = try TemporaryDirectory()
        let salvage = salvage(in: directory)
        let (old, young) = (try keep("old", in: salvage), try keep("young", in: salvage))
        let base = directory.file("state/opencodefs/rejected/")
        for name in try names(directory) where name.hasPrefix("\(old)") {
            try age(base + name, seconds: 7 * 86_400 + 9)
        }
        for name in try names(directory) where name.hasPrefix("\(young)") {
            try age(base + name, seconds: 7 * 86_400 - 99)
        }
        salvage.prune()
        #expect(try names(directory) == ["\(young)", "\(young).reason"])
    }

    @Test func `W2 above the limit the oldest of both kinds go, the newest never`() throws {
        let directory = try TemporaryDirectory()
        let salvage = salvage(in: directory, limits: .init(size: 100))
        let first = try keep(String(repeating: "1", count: 40), in: salvage, as: .conflict)
        try age(directory.file("state/opencodefs/conflicts/\(first)"), seconds: 30)
        let second = try keep(String(repeating: "2", count: 40), in: salvage)
        try age(directory.file("state/opencodefs/rejected/\(second)"), seconds: 20)
        let third = try keep(String(repeating: "3", count: 40), in: salvage)
        #expect(try names(directory, .conflict).isEmpty)
        #expect(try names(directory) == [second, third].flatMap { ["\($0)", "\($0).reason"] })
        let large = try keep(String(repeating: "4", count: 400), in: salvage)
        #expect(try names(directory) == ["\(large)", "\(large).reason"])
    }

    @Test func `W2 what was cut short is not shown, and goes`() throws {
        let directory = try TemporaryDirectory()
        let salvage = salvage(in: directory)
        let kept = try keep("whole", in: salvage)
        let base = directory.file("state/opencodefs/rejected/")
        // Killed after the claim, killed amid the bytes.
        for name in ["20260101T000000.000-a.json.reason", ".20260101T000000.000-a.json"] {
            try Data("half".utf8).write(to: URL(fileURLWithPath: base + name))
        }
        #expect(try salvage.list(.rejected).map(\.name).map(\.description) == ["\(kept)", "\(kept).reason"])
        #expect(throws: SalvageError.notFound) {
            try salvage.find(FileName(".20260101T000000.000-a.json"), in: .rejected)
        }
        // Somebody may be at it just now.
        salvage.prune()
        #expect(try names(directory).count == 4)
        for name in try names(directory) { try age(base + name, seconds: 3700) }
        salvage.prune()
        #expect(try names(directory) == ["\(kept)", "\(kept).reason"])
    }

    @Test func `rm takes a file and its reason, in any order`() throws {
        let directory = try TemporaryDirectory()
        let salvage = salvage(in: directory)
        let (one, two) = (try keep("1", in: salvage), try keep("2", in: salvage))
        let reasons = [one, two].map { FileName(bytes: $0.bytes + ".reason".utf8) ?? $0 }
        try salvage.remove(one, in: .rejected)
        #expect(try salvage.list(.rejected).map(\.name) == [two, reasons[1]])
        // `rm *` names it too.
        try salvage.remove(reasons[0], in: .rejected)
        #expect(throws: SalvageError.notFound) { try salvage.remove(reasons[0], in: .rejected) }
        try salvage.remove(reasons[1], in: .rejected)
        #expect(try salvage.list(.rejected).map(\.name) == [two])
        try salvage.remove(two, in: .rejected)
        #expect(try names(directory).isEmpty)
    }

    @Test func `W2 a reason removed alone does not give the name away again`() throws {
        let directory = try TemporaryDirectory()
        let salvage = salvage(in: directory)
        var kept: Set<FileName> = []
        for number in 0..<20 {
            let name = try keep("\(number)", in: salvage)
            #expect(kept.insert(name).inserted)
            try salvage.remove(try #require(FileName(bytes: name.bytes + ".reason".utf8)), in: .rejected)
        }
        for name in kept { #expect(try salvage.read(name, in: .rejected).count <= 2) }
    }

    @Test func `only files are shown, and no link leads out`() throws {
        let directory = try TemporaryDirectory()
        let salvage = salvage(in: directory)
        let kept = try keep("1", in: salvage)
        let base = directory.file("state/opencodefs/rejected/")
        let secret = directory.file("secret")
        try Data("secret".utf8).write(to: URL(fileURLWithPath: secret))
        try FileManager.default.createSymbolicLink(atPath: base + "link", withDestinationPath: secret)
        try FileManager.default.createDirectory(atPath: base + "folder", withIntermediateDirectories: false)
        #expect(mkfifo(base + "pipe", 0o600) == 0)
        #expect(try salvage.list(.rejected).map(\.name.description) == ["\(kept)", "\(kept).reason"])
        for name in ["link", "folder", "pipe"] {
            let name = try #require(FileName(bytes: Array(name.utf8)))
            #expect(throws: SalvageError.notFound) { try salvage.read(name, in: .rejected) }
        }
    }

    @Test func `W2 a place that cannot be written is said, and nothing is left`() throws {
        let directory = try TemporaryDirectory()
        try Data().write(to: URL(fileURLWithPath: directory.file("state")))
        #expect(throws: SalvageError.self) { try keep("1", in: salvage(in: directory)) }
        // A full disk.
        #expect(throws: SalvageError.self) {
            try SalvageDirectory("/dev/full").keep([1], as: .rejected, of: Self.message, reason: "")
        }
    }
}
