import SessionModel
import Testing

@Suite struct ProjectTests {
    @Test(arguments: [
        ("https://user:pw@host.org/a/b", "https://host.org/a/b"), ("https://token@host.org/a", "https://host.org/a"),
        ("user:pw@host/a/b", "host/a/b"), ("token@host/a", "host/a"), ("user:p@w@host/a", "host/a"),
        ("user:pw@host", "host"), ("ssh://git@host/a", "ssh://host/a"), ("https://user:pw@host", "https://host"),
        ("github.com/a/b@2", "github.com/a/b@2"), ("me@home", "me@home"), ("", ""), ("@", "@"), ("://", "://"),
        ("host/x://y:z@w/a", "host/x://y:z@w/a"), ("app", "app"),
    ])
    func `N4 a project's id is shown without credentials`(id: String, shown: String) {
        #expect(Project.ID(id).withoutCredentials == Project.ID(shown))
        #expect(Project.ID(shown).withoutCredentials == Project.ID(shown))
    }
}
