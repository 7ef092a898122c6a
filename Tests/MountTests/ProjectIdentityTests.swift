import DemoHistory
import Foundation
import Glibc
import SQL
import TestSupport
import Testing

/// Which project a directory is of, told by real repositories (docs/decisions/0011).
@Suite(.serialized, .timeLimit(.minutes(25))) struct ProjectIdentityTests {
    /// Repositories below `work/`, and a history of the Go family that knows them.
    private struct Fixture: ~Copyable {
        let sandbox: Sandbox
        let database: TestDatabase
        let mountpoint: String

        init(_ projects: [String]) throws {
            let sandbox = try Sandbox()
            let database = try TestDatabase(.go, at: sandbox.path + "/opencode.db")
            let rows = try Rows(database)
            for (index, project) in projects.enumerated() { try rows.session("s\(index)", in: SQLValue(project)) }
            mountpoint = try sandbox.directory.directory("mnt")
            self.sandbox = sandbox
            self.database = database
        }

        /// Runs lines of shell in `work/`, with a git that knows nobody's settings.
        func shell(_ lines: String) throws {
            let settings = """
                set -e
                export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b
                export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b

                """
            let run = try Run.shell(settings + lines, in: sandbox.path + "/work", environment: sandbox.environment)
            try #require(run.status == 0, "\(run.errors)")
        }

        /// What is at the top of a mount made in a directory below `work/`, or why there is none.
        func mounted(in directory: String, _ project: String = ".", _ environment: [String: String] = [:]) throws
            -> [String]
        {
            let words = ["mount", "--database", database.path, "--project", project, mountpoint]
            let run = try sandbox.opencodefs(words, in: sandbox.path + "/work/" + directory, environment: environment)
            guard run.status == 0 else { return ["\(run.status)", run.errors] }
            let names = try File.projects(in: mountpoint)
            try #require(try sandbox.opencodefs(["umount", mountpoint]).status == 0)
            return names
        }
    }

    @Test func `--project . is the project of the working directory's repository`() throws {
        let fixture = try Fixture([
            "dana:pw@h.org/x/app", "ssh://git@h.org:22/x/tool", "h.org/x/lib", "plain", "/srv/git/bare", "link",
        ])
        try fixture.shell(
            """
            git init -q app && git -C app remote add origin https://erik:other@h.org/x/app.git/
            mkdir -p app/Sources/deep plain other
            git -C app commit -q --allow-empty -m first
            git -C app worktree add -q ../linked
            git init -q tool && git -C tool remote add origin git@h.org:x/tool.git
            git init -q lib && git -C lib commit -q --allow-empty -m first
            git -C app -c protocol.file.allow=always submodule --quiet add ../../lib lib 2>/dev/null \
                || git -C app -c protocol.file.allow=always submodule --quiet add "$PWD/lib" lib
            git -C app/lib remote set-url origin ssh://git@h.org/x/lib.git
            git init -q local && git -C local remote add origin /srv/git/bare.git
            git init -q plain/nothing && git init -q app/plain
            ln -s other link
            """)
        let app = "h.org%2Fx%2Fapp"
        for directory in ["app", "app/Sources/deep", "linked"] {
            #expect(try fixture.mounted(in: directory) == [app], "\(directory)")
        }
        #expect(try fixture.mounted(in: "app/lib") == ["h.org%2Fx%2Flib"])
        #expect(try fixture.mounted(in: "tool") == ["ssh:%2F%2Fh.org:22%2Fx%2Ftool"])
        #expect(try fixture.mounted(in: "local") == ["%2Fsrv%2Fgit%2Fbare"])
        // Without a remote: the directory's own name, not that of what is above it.
        for directory in ["plain", "app/plain"] { #expect(try fixture.mounted(in: directory) == ["plain"]) }
        #expect(try fixture.mounted(in: "link", ".", ["PWD": fixture.sandbox.path + "/work/link"]) == ["link"])
        let refused = try fixture.mounted(in: "link")
        #expect(refused[0] == "5")
        #expect(refused[1].contains("none is \"other\"; there are:"), "\(refused[1])")
        #expect(refused[1].contains("\n  h.org/x/app"), "\(refused[1])")
        #expect(!refused[1].contains("pw"))
        // An id may be given as git spells it.
        for spelling in ["https://h.org/x/app.git", "git@h.org:x/app", "dana:pw@h.org/x/app", "h.org/x/app"] {
            #expect(try fixture.mounted(in: "other", spelling) == [app], "\(spelling)")
        }
    }

    @Test func `--project . does not listen to variables of another repository`() throws {
        let fixture = try Fixture(["h.org/x/app", "h.org/x/wrong", "app"])
        try fixture.shell(
            """
            for name in app wrong; do git init -q $name; git -C $name remote add origin https://h.org/x/$name; done
            """)
        let wrong = fixture.sandbox.path + "/work/wrong"
        let variables = [
            "GIT_DIR": wrong + "/.git", "GIT_WORK_TREE": wrong, "GIT_CONFIG": wrong + "/.git/config",
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "remote.origin.url",
            "GIT_CONFIG_VALUE_0": "https://h.org/x/wrong",
        ]
        #expect(try fixture.mounted(in: "app", ".", variables) == ["h.org%2Fx%2Fapp"])
        // Where there is no git, a directory's name is what OpenCode takes too.
        #expect(try fixture.mounted(in: "app", ".", ["PATH": fixture.sandbox.path + "/home"]) == ["app"])
    }

    @Test(.enabled(if: geteuid() == 0, "only root makes files another's"))
    func `a repository of another user is asked too`() throws {
        let fixture = try Fixture(["h.org/x/app"])
        try fixture.shell("git init -q app; git -C app remote add origin https://h.org/x/app; chown -R 65534 app")
        #expect(try fixture.mounted(in: "app") == ["h.org%2Fx%2Fapp"])
    }

    @Test func `N4 sessions without a project are in that of the repository around the database`() throws {
        let sandbox = try Sandbox()
        let app = try sandbox.directory.directory("work/app")
        let data = try sandbox.directory.directory("work/app/.opencode")
        let database = try TestDatabase(.go, at: data + "/opencode.db")
        let rows = try Rows(database)
        try rows.session("null", in: .null)
        try rows.session("empty", in: "")
        let mountpoint = try sandbox.directory.directory("mnt")
        func names(_ environment: [String: String] = [:]) throws -> [String] {
            try sandbox.mount(database, at: mountpoint, ["-o", "nomigrate"], environment: environment)
            let names = try File.projects(in: mountpoint)
            for name in names { #expect(try File.names(in: mountpoint + "/" + name).count == 3, "\(name)") }
            try #require(try sandbox.opencodefs(["umount", mountpoint]).status == 0)
            return names
        }
        func git(_ arguments: String...) throws {
            try #require(try Run.program("git", ["-C", app] + arguments, environment: sandbox.environment).status == 0)
        }
        #expect(try names() == ["app"])
        try git("init", "-q")
        #expect(try names() == ["app"])
        try git("remote", "add", "origin", "ssh://git@h.org/x/app.git")
        #expect(try names() == ["h.org%2Fx%2Fapp"])
        // What OpenCode itself writes for this remote.
        try rows.session("new", in: "ssh://git@h.org/x/app")
        try rows.connection.run("DELETE FROM sessions WHERE id = 'empty'")
        #expect(try names() == ["ssh:%2F%2Fh.org%2Fx%2Fapp"])

        // A git that does not answer costs five seconds and nothing else.
        let program = try sandbox.directory.directory("bin") + "/git"
        try Data("#!/bin/sh\nexec sleep 60\n".utf8).write(to: URL(fileURLWithPath: program))
        #expect(chmod(program, 0o755) == 0)
        try rows.connection.run("DELETE FROM sessions WHERE id = 'new'")
        try rows.session("another", in: .null)
        let start = ContinuousClock.now
        #expect(try names(["PATH": sandbox.path + "/bin:/usr/bin:/bin"]) == ["app"])
        #expect(start + .seconds(4) < .now && start + .seconds(9) > .now)

        // A mount that may migrate writes it down, as OpenCode spells it.
        try rows.session("new", in: "ssh://git@h.org/x/app")
        try sandbox.mount(database, at: mountpoint)
        try #require(try sandbox.opencodefs(["umount", mountpoint]).status == 0)
        #expect(try database.column("SELECT DISTINCT project_id FROM sessions") == ["ssh://git@h.org/x/app"])
    }
}
