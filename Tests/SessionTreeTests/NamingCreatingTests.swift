import SessionModel
import SessionTree
import Testing
import VFS

@Suite struct NamingCreatingTests {
    @Test(
        arguments: [
            ("2026-11-18.fix-login~ses_1", "fix-login"), ("fix login~ses_1", "fix login"), ("2026-11-18~ses_1", nil),
            ("2026-11-18.~ses_1", nil), ("ses_1", nil), ("~ses_1", nil), ("a~b~ses_1", "a~b"),
            ("2026-11-18-notes~ses_1", "2026-11-18-notes"), ("2026-11-1.x~ses_1", "2026-11-1.x"),
            ("50%25 off%2For so~ses_1", "50% off/or so"), ("100%~ses_1", "100%"), ("%2~ses_1", "%2"),
            ("%xa%zz~ses_1", "%xa%zz"), ("v1.2~ses_1", "v1.2"), ("2026-11-18.été~ses_1", "été"),
        ] as [(String, String?)])
    func `W7 a session's name has a title in its label`(text: String, expected: String?) throws {
        let name = try #require(FileName(bytes: Array(text.utf8)))
        #expect(Naming.title(in: name) == expected.map { Array($0.utf8) })
    }

    @Test(
        arguments: [
            ("000007.user~msg_1.json", 7), ("000012~msg_1.json", 12), ("1234567.user~m.json", 1_234_567),
            ("-000003.user~m.json", -3), ("7.user~m.json", nil), ("msg_1.json", nil), ("00000a.user~m.json", nil),
            ("000007.user~msg_1", nil), ("99999999999999999999.x~m.json", nil), ("000007user~m.json", nil),
        ] as [(String, Int64?)])
    func `W5 a message's name has its number in its label`(text: String, expected: Int64?) throws {
        #expect(Naming.ordinal(in: try #require(FileName(bytes: Array(text.utf8)))) == expected)
    }

    private static let uuid = "3f2b8c1e-9a4d-4E6f-8b7a-1c2d3e4f5a6b"

    @Test(
        arguments: [
            ("msg_1.json", "msg_1", nil), ("000007.user~msg_1.json", "msg_1", "msg_1"), ("msg_1.json~", nil, nil),
            (".msg_1.json", nil, nil), (".000007.user~msg_1.json.Xy12", nil, nil), ("msg_1", nil, nil),
            ("4913", nil, nil),
            ("draft.json", nil, nil), ("draft~msg_1.json", nil, nil), ("%msg.json", nil, nil),
            ("#msg_1.json#", nil, nil),
            ("msg_%-0123456789abcdef.json", nil, nil), ("000001.user~x.json", nil, "x"), ("%6Dsg_1.json", "msg_1", nil),
            ("\(uuid).json", nil, uuid), ("000001.user~\(uuid).json", nil, uuid), ("\(uuid)0.json", nil, nil),
            ("000001.user~%xmsg.json", nil, nil), ("sedAbCdEf", nil, nil),
        ] as [(String, String?, String?)])
    func `W6 a name makes a message or is a scratch file`(text: String, typeScript: String?, go: String?) throws {
        let name = try #require(FileName(bytes: Array(text.utf8)))
        #expect(Naming.newMessage(name, .v1) == typeScript.map { Message.ID($0) })
        #expect(Naming.newMessage(name, .v2) == typeScript.map { Message.ID($0) })
        #expect(Naming.newMessage(name, .go) == go.map { Message.ID($0) })
    }

    @Test(
        arguments: [
            ("ses_1", "ses_1", "ses_1"), ("2026-11-18.x~ses_1", "ses_1", "ses_1"), ("New Folder", nil, "New Folder"),
            (".git", nil, nil), ("x~toolu_1", nil, "toolu_1"), ("a~", nil, nil), ("ses_%2F", "ses_/", "ses_/"),
            ("ses%-0123456789abcdef", nil, nil),
        ] as [(String, String?, String?)])
    func `W5 a name makes a session`(text: String, typeScript: String?, go: String?) throws {
        let name = try #require(FileName(bytes: Array(text.utf8)))
        #expect(Naming.newSession(name, .v1) == typeScript.map { Session.ID($0) })
        #expect(Naming.newSession(name, .v2) == typeScript.map { Session.ID($0) })
        #expect(Naming.newSession(name, .go) == go.map { Session.ID($0) })
    }
}
