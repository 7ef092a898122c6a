import DemoHistory
import Foundation
import Glibc
import TestSupport
import Testing

/// Files that are damaged.
@Suite(.serialized, .timeLimit(.minutes(25))) struct DamageTests {
    @Test func `a damaged header is refused with one line, and the file stays as it is`() throws {
        let sandbox = try Sandbox()
        let mountpoint = try sandbox.directory.directory("mnt")
        let good = try TestDatabase(demo: .v1, at: sandbox.path + "/good.db", sessions: 2, messages: 20)
        let bytes = try File.contents(good.path)
        let path = sandbox.path + "/bad.db"
        // The magic words, the size of a page, the format, the root of the schema, half a file, nothing, zeros.
        var cases: [[UInt8]] = [[0], [16, 17], [18], [19], [21], [44]].map { offsets in
            var damaged = bytes
            for offset in offsets { damaged[offset] = 0xee }
            return damaged
        }
        cases.append(Array(repeating: 0xff, count: 4096) + bytes[4096...])
        cases.append(Array(bytes[..<100]) + Array(repeating: 0xff, count: 3996) + bytes[4096...])
        cases.append(Array(bytes[..<50]))
        cases.append([])
        cases.append(Array(repeating: 0, count: 8192))
        for (number, damaged) in cases.enumerated() {
            try Data(damaged).write(to: URL(fileURLWithPath: path))
            let run = try sandbox.opencodefs(["mount", "--database", path, mountpoint])
            if run.status == 0 {
                // A number that only other programs read.
                #expect(try sandbox.opencodefs(["umount", mountpoint]).status == 0)
            } else {
                #expect([1, 13].contains(run.status), "case \(number): \(run.status) \(run.errors)")
                #expect(run.errors.hasPrefix("opencodefs: "), "case \(number): \(run.errors)")
                #expect(run.errors.split(separator: "\n").count == 1, "case \(number): \(run.errors)")
                #expect(try File.contents(path) == damaged, "case \(number)")
            }
            _ = try Run.shell("rm -f \(path)*")
        }
    }

    @Test(arguments: [TestFamily.v1, .v2])
    func `what a damaged page held is EIO, the rest is readable, a listing is whole or an error`(
        family: TestFamily
    ) throws {
        let sandbox = try Sandbox()
        let mountpoint = try sandbox.directory.directory("mnt")
        let good = try TestDatabase(demo: family, at: sandbox.path + "/good.db", sessions: 3, messages: 40)
        let bytes = try File.contents(good.path)
        try sandbox.mount(good, at: mountpoint, ["-o", "ro,names=id"])
        let whole = try contents(mountpoint)
        #expect(try sandbox.opencodefs(["umount", mountpoint]).status == 0)
        let files = whole.filter { $0.value != nil }.count
        let pages = bytes.count / 4096
        var (refused, lost, read) = (0, 0, 0)
        for page in stride(from: 1, to: pages, by: max(1, pages / 40)) {
            var damaged = bytes
            for offset in page * 4096..<(page + 1) * 4096 { damaged[offset] = 0xff }
            try Data(damaged).write(to: URL(fileURLWithPath: good.path))
            let run = try sandbox.opencodefs(["mount", "--database", good.path, "-o", "ro,names=id", mountpoint])
            guard run.status == 0 else {
                refused += 1
                continue
            }
            for (path, text) in whole {
                let full = mountpoint + "/" + path
                if let text {
                    do {
                        let now = try File.contents(full)
                        // No checksum tells what a page of a long text held: its bytes are served as they are.
                        let isSame = now == text || (now.count == text.count && now.contains(0xff))
                        #expect(isSame, "page \(page): \(path)")
                        read += now == text ? 1 : 0
                    } catch {
                        #expect(error == SystemError(EIO), "page \(page): \(path): \(error)")
                        lost += 1
                    }
                } else if let names = try? File.names(in: full) {
                    let expected = whole.keys.filter { ($0 as NSString).deletingLastPathComponent == path }.count
                    let own = names.filter { !MountedHistory.views.contains($0) }
                    #expect(own.count == expected, "page \(page): \(path)")
                }
            }
            #expect(try sandbox.opencodefs(["umount", mountpoint]).status == 0)
        }
        #expect(read > lost && lost > 0 && files > 40, "\(read) read, \(lost) lost, \(refused) mounts refused")
    }

    /// Every path below but views, with a file's bytes and nil for a directory.
    private func contents(_ mountpoint: String, _ path: String = "") throws -> [String: [UInt8]?] {
        var found: [String: [UInt8]?] = [:]
        for name in try File.names(in: mountpoint + "/" + path) where !MountedHistory.views.contains(name) {
            let next = path.isEmpty ? name : path + "/" + name
            if try File.status(mountpoint + "/" + next).isDirectory {
                found[next] = .some(nil)
                found.merge(try contents(mountpoint, next)) { $1 }
            } else {
                found[next] = try File.contents(mountpoint + "/" + next)
            }
        }
        return found
    }
}
