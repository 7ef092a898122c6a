import SessionModel
import TestSupport
import Testing

@Suite struct ProjectIdentityTests {
    /// An address, the id we give, and what OpenCode writes where that is something else.
    static let addresses: [(address: String, id: String, openCode: String?)] = [
        // What OpenCode's own tests say.
        ("https://github.com/opencode-ai/opencode.git", "github.com/opencode-ai/opencode", nil),
        ("https://gitlab.com/myteam/myproject", "gitlab.com/myteam/myproject", nil),
        ("git@github.com:opencode-ai/opencode.git", "github.com/opencode-ai/opencode", nil),
        ("git@gitlab.com:myteam/myproject", "gitlab.com/myteam/myproject", nil),
        ("http://github.com/opencode-ai/opencode.git", "github.com/opencode-ai/opencode", nil),
        ("https://github.com/opencode-ai/opencode/", "github.com/opencode-ai/opencode", nil),
        ("https://github.com/opencode-ai/opencode.git/", "github.com/opencode-ai/opencode", nil),
        ("github.com/opencode-ai/opencode", "github.com/opencode-ai/opencode", nil),
        // ssh:// is what OpenCode leaves as it is.
        ("ssh://git@host.org/x/y.git", "host.org/x/y", "ssh://git@host.org/x/y"),
        ("ssh://git@host.org:22/x/y.git", "host.org/x/y", "ssh://git@host.org:22/x/y"),
        ("ssh://git@host.org:2222/x/y.git/", "host.org:2222/x/y", "ssh://git@host.org:2222/x/y"),
        ("ssh://host.org/~dana/y", "host.org/~dana/y", "ssh://host.org/~dana/y"),
        ("ssh://dana:pw@[::1]:22/x", "[::1]/x", "ssh://dana:pw@[::1]:22/x"),
        // Credentials.
        ("https://u:p@host.org/x/y.git/", "host.org/x/y", "u:p@host.org/x/y"),
        ("https://token@host.org/x/y", "host.org/x/y", "token@host.org/x/y"),
        ("https://u:p@ss@host.org:8443/x", "host.org:8443/x", "u:p@ss@host.org:8443/x"),
        ("https://u%40h:p%2Fw@host.org/x", "host.org/x", "u%40h:p%2Fw@host.org/x"),
        ("org-12@github.com:x/y.git", "github.com/x/y", "org-12@github.com:x/y"),
        ("git://u:p@host.org/x", "git://host.org/x", "git://u:p@host.org/x"),
        // As OpenCode does, and no more: case, ports, escapes, other protocols, paths.
        ("https://GitHub.com/X/Y", "GitHub.com/X/Y", nil),
        ("https://host.org:443/x", "host.org:443/x", nil),
        ("https://host.org/a%20b/@c", "host.org/a%20b/@c", nil),
        ("HTTPS://host.org/x", "HTTPS://host.org/x", nil),
        ("git://host.org/x/y.git", "git://host.org/x/y", nil),
        ("file:///srv/git/y.git", "file:///srv/git/y", nil),
        ("/srv/git/y.git", "/srv/git/y", nil),
        ("/srv/y/.git", "/srv/y", nil),
        ("../y", "../y", nil),
        ("work:x/y.git", "work:x/y", nil),
        ("git@host.org:2222/x", "host.org/2222/x", nil),
        ("git@host.org:/srv/x", "host.org//srv/x", nil),
        (" https://host.org/x.git.git \n", "host.org/x.git", nil),
        ("https://höst.org/ä", "höst.org/ä", nil),
    ]

    @Test(arguments: addresses)
    func `a remote's address is an id as OpenCode's`(address: String, id: String, openCode: String?) {
        let identity = ProjectIdentity(remote: Array(address.utf8), directory: "/w/app")
        #expect(identity.id.description == id)
        // What a database holds and what is shown of it are found, the one that OpenCode takes before all others.
        let shown = Project.ID(openCode ?? id).withoutCredentials
        #expect(identity.project(among: [Project.ID("app"), shown]) == shown)
        #expect(identity.project(among: [Project.ID(id), shown, Project.ID("https://" + id)]) == shown)
        #expect(identity.project(among: [Project.ID(id)]) == Project.ID(id))
        #expect(ProjectIdentity(Project.ID(address)).project(among: [Project.ID(id)]) == Project.ID(id))
        #expect(identity.project(among: [Project.ID("app"), Project.ID(id + "z")]) == nil)
    }

    @Test(arguments: [
        ("https://h.org/a", "ssh://h.org/a"), ("https://h.org/a", "h.org/a.git"), ("ssh://h.org:22/a", "h.org/a"),
        ("git@h.org:a", "ssh://h.org/a"), ("git@h.org:a", "http://u:p@h.org/a/"),
    ])
    func `a project spelled otherwise is found`(address: String, id: String) {
        let identity = ProjectIdentity(remote: Array(address.utf8), directory: "/w/app")
        #expect(identity.project(among: [Project.ID("b"), Project.ID(id)]) == Project.ID(id))
    }

    @Test(arguments: [nil, "", " \n", "/", ".git", "///"] as [String?])
    func `without a remote the project is called as its directory`(remote: String?) {
        func name(_ directory: String) -> String {
            ProjectIdentity(remote: remote.map { Array($0.utf8) }, directory: directory).id.description
        }
        #expect(name("/w/app") == "app")
        #expect(name("/w/app/") == "app")
        #expect(name("/w/me@home") == "me@home")
        #expect(name("/w/app.git") == "app.git")
        #expect(name("/") == "/")
        #expect(name("") == "/")
    }

    @Test(arguments: [
        (".", "."), ("all", "all"), ("h.org/a", "h.org/a"), ("git@h.org:a/b.git", "h.org/a/b"), ("me@home", "me@home"),
        ("https://u:p@h.org/a", "https://h.org/a"), ("ssh://git@h.org/a", "ssh://h.org/a"), ("u:p@h.org/a", "h.org/a"),
    ])
    func `N4 what was typed goes on without credentials`(typed: String, shown: String) {
        #expect(ProjectIdentity.typed(typed) == shown)
    }

    @Test func `no address makes it fail, and an id stands for itself`() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<20_000 {
            let bytes = random.bytes(0...12, of: Array("git@:/.hs2 %".utf8) + [0xff])
            let identity = ProjectIdentity(remote: bytes, directory: "/w/app")
            #expect(identity.project(among: [identity.id]) == identity.id)
            _ = ProjectIdentity(Project.ID(bytes: bytes)).project(among: [identity.id])
        }
    }
}
