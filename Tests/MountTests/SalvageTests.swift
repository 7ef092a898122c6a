import Glibc
import TestSupport
import Testing

/// Bytes that could not be saved, through a mount: planted where another mount would have put them.
@Suite struct SalvageTests {
    private func plant(_ name: String, _ text: String, in kind: String, of mounted: borrowing MountedHistory) throws {
        let line =
            "mkdir -p -m 700 \"$XDG_STATE_HOME/opencodefs/\(kind)\" && cd \"$_\" && printf %s '\(text)' > '\(name)'"
        #expect(try mounted.shell(line + " && echo 'EINVAL: no JSON; /x' > '\(name).reason'").status == 0)
    }

    @Test(arguments: ["rejected", "conflicts"])
    func `W2 what was kept is read and removed through the mount`(kind: String) throws {
        let mounted = try MountedHistory(demo: .v1)
        let folder = mounted.path(".opencodefs/\(kind)")
        #expect(try File.names(in: folder) == [])
        let name = "20261121T140312.123-000002.assistant~msg_x.json"
        try plant(name, "{half", in: kind, of: mounted)
        #expect(try File.names(in: folder) == [name, name + ".reason"])
        #expect(try File.text(folder + "/" + name) == "{half")
        #expect(try File.status(folder + "/" + name).st_size == 5)
        #expect(try File.text(folder + "/\(name).reason") == "EINVAL: no JSON; /x\n")
        for line in ["echo x > '\(name)'", "echo x > new", "mkdir new", "mv '\(name)' new", "rmdir ."] {
            #expect(try mounted.shell("cd .opencodefs/\(kind) && \(line)").status != 0, "\(line)")
        }
        let copy = try mounted.shell("cp -r .opencodefs/\(kind) \"$HOME/copy\" && ls \"$HOME/copy\"")
        #expect(copy.lines == [name, name + ".reason"])
        let run = try mounted.shell("rm .opencodefs/\(kind)/*")
        #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
        #expect(try File.names(in: folder) == [])
        let state = mounted.sandbox.path + "/state/opencodefs/" + kind
        #expect(try File.names(in: state) == [])
    }

    @Test func `W2 rm of the bytes alone takes the reason out of sight`() throws {
        let mounted = try MountedHistory(demo: .v1)
        for name in ["a.json", "b.json"] { try plant(name, name, in: "rejected", of: mounted) }
        #expect(try mounted.shell("rm .opencodefs/rejected/a.json").status == 0)
        #expect(try File.names(in: mounted.path(".opencodefs/rejected")) == ["b.json", "b.json.reason"])
        #expect(try mounted.shell("rm -r .opencodefs/rejected/b.json*").status == 0)
        #expect(try File.names(in: mounted.path(".opencodefs/rejected")) == [])
    }

    @Test func `W2 what is seven days old goes when something is mounted`() throws {
        let mounted = try MountedHistory(demo: .v1)
        for name in ["old.json", "new.json"] { try plant(name, name, in: "conflicts", of: mounted) }
        let state = mounted.sandbox.path + "/state/opencodefs/conflicts"
        #expect(try mounted.shell("touch -d '8 days ago' '\(state)/old.json' '\(state)/old.json.reason'").status == 0)
        try mounted.unmount()
        try mounted.mount()
        #expect(Sandbox.waits { (try? File.names(in: state)) == ["new.json", "new.json.reason"] })
        #expect(try File.names(in: mounted.path(".opencodefs/conflicts")) == ["new.json", "new.json.reason"])
    }
}
