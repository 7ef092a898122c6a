import Foundation
import TestSupport
import Testing

/// mount/mount.opencodefs, as mount(8) calls it for `mount -t opencodefs` and for fstab(5).
@Suite(.serialized, .timeLimit(.minutes(25))) struct HelperTests {
    private static let helper =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path + "/mount/mount.opencodefs"

    private func helper(_ arguments: [String], _ sandbox: borrowing Sandbox) throws -> Run {
        let environment = sandbox.environment.merging(["OPENCODEFS": Run.opencodefsPath]) { $1 }
        return try Run.program(Self.helper, arguments, in: sandbox.path + "/work", environment: environment)
    }

    @Test func `the helper mounts what a line of fstab says`() throws {
        let sandbox = try Sandbox()
        let database = try TestDatabase(demo: .v2, at: sandbox.path + "/opencode.db")
        let mountpoint = try sandbox.directory.directory("mnt")
        let run = try helper(
            [
                database.path, mountpoint, "-s", "-n", "-v", "-t", "opencodefs", "-o", "rw,noauto,nofail", "-o",
                "ro,names=id",
            ],
            sandbox)
        #expect(run.status == 0, "\(run.errors)")
        let names = try Run.program("ls", [mountpoint]).lines
        #expect(names.count == 5, "four projects and README.md")
        #expect(names.allSatisfy { !$0.contains("~") }, "names=id came through")
        #expect(try Run.shell("rm \(mountpoint)/*/ses_*/messages/*", in: sandbox.path).errors.contains("Read-only"))
        #expect(try helper([database.path, mountpoint], sandbox).status == 32, "mounted already")
    }

    @Test func `the helper finds the database by itself for opencodefs and none`() throws {
        let sandbox = try Sandbox()
        _ = try sandbox.directory.directory("work/.opencode")
        _ = try TestDatabase(demo: .v1, at: sandbox.path + "/work/.opencode/opencode.db")
        let mountpoint = try sandbox.directory.directory("mnt")
        for source in ["opencodefs", "none"] {
            #expect(try helper([source, mountpoint], sandbox).status == 0)
            #expect(try Run.program("ls", [mountpoint]).lines.count == 5)
            #expect(try sandbox.opencodefs(["umount", mountpoint]).status == 0)
        }
    }

    @Test func `the helper fails with 32, and pretends when asked to`() throws {
        let sandbox = try Sandbox()
        let mountpoint = try sandbox.directory.directory("mnt")
        #expect(try helper([], sandbox).status == 32)
        #expect(try helper([sandbox.path + "/missing.db", mountpoint], sandbox).status == 32)
        #expect(try helper([sandbox.path + "/missing.db", mountpoint, "-f"], sandbox).status == 0)
        #expect(try helper([sandbox.path + "/missing.db", mountpoint, "-Z"], sandbox).status == 32)
    }
}
