import SessionModel
import SessionTree
import Testing

@Suite struct LabelTests {
    private func slug(_ title: String) -> String {
        String(decoding: Label.slug(Array(title.utf8)), as: UTF8.self)
    }

    @Test(arguments: [
        ("Fix login redirect", "Fix-login-redirect"), ("  --a  b!?c-- ", "a-b-c"), ("", ""), ("!!! ???", ""),
        ("Überprüfe das Größte", "Überprüfe-das-Größte"), ("Исправить вход", "Исправить-вход"),
        ("修复登录 重定向", "修复登录-重定向"),
        ("ログインを直す", "ログインを直す"), ("로그인 수정", "로그인-수정"), ("تصحيح الدخول", "تصحيح-الدخول"), ("प्रवेश सुधार", "प्रवेश-सुधार"),
        ("แก้ไข", "แก้ไข"), ("e\u{301}te\u{301}", "e\u{301}te\u{301}"), ("v1.2.3", "v1-2-3"), ("a/b~c%d", "a-b-c-d"),
        ("emoji 😀 gone", "emoji-gone"), ("²³ Ⅷ", "²³-Ⅷ"), ("a\u{0}b\nc", "a-b-c"), ("\u{301}x", "x"), ("../..", ""),
        ("foo\u{200d}bar", "foobar"),
    ])
    func `N3 a slug has the letters and digits of any script`(title: String, expected: String) {
        #expect(slug(title) == expected)
        #expect(Array(slug(title).utf8) == Array(expected.utf8))
    }

    @Test(arguments: [
        ("a", 60), ("é", 60), ("修", 60), ("𝒳", 60), ("e\u{301}", 60), ("ab ", 60), ("修 ", 60), ("क्ष", 60),
    ]) func `N3 a slug is cut at a character within 60 bytes`(piece: String, limit: Int) {
        let found = Label.slug(Array(String(repeating: piece, count: 100).utf8))
        let text = String(decoding: found, as: UTF8.self)
        #expect(found.count <= limit && found.count > limit - piece.utf8.count - 1)
        #expect(String(validating: found, as: UTF8.self) != nil)
        let unit = Set(piece.filter { $0 != " " } + (piece.contains(" ") ? "-" : ""))
        #expect(text.allSatisfy { unit.contains($0) })
        #expect(text.last != "-")
    }

    @Test func `N3 a character that has more bytes than a slug has none in it`() {
        #expect(slug("a" + String(repeating: "\u{301}", count: 100)) == "")
        #expect(slug("x a" + String(repeating: "\u{301}", count: 100)) == "x")
        #expect(Label.slug([0xff, 0x61, 0xc3]) == Array("a".utf8))
    }

    @Test(
        arguments: [
            (1, "user", "000001.user"), (999_999, "assistant", "999999.assistant"), (1_000_000, "user", "1000000.user"),
            (0, nil, "000000"), (-7, "user", "-000007.user"), (.max, "", "9223372036854775807"),
            (.min, nil, "-9223372036854775808"), (2, "model-switched", "000002.model-switched"),
            (3, "../x", "000003.x"),
            (4, "averyveryverylongroleindeedx", "000004.averyveryverylongroleind"),
        ] as [(Int64, String?, String)])
    func `N3 a message's label is its ordinal and role`(ordinal: Int64, role: String?, expected: String) {
        let label = Label.message(ordinal: ordinal, role: role.map { Array($0.utf8) })
        #expect(String(decoding: label, as: UTF8.self) == expected)
    }

    @Test(
        arguments: [
            ("/home/me/myapp", "myapp"), ("/home/me/my app/", "my app"), ("/", ""), ("", ""), (nil, ""),
            ("C:\\src\\x", "x"),
            ("/a/.config", "%2Econfig"), ("/a/b~c", "b%7Ec"), ("/a/..", "%2E."),
            ("/" + String(repeating: "é", count: 40), String(repeating: "é", count: 30)),
            ("/" + String(repeating: "~", count: 40), String(repeating: "%7E", count: 20)),
        ] as [(String?, String)])
    func `N6 a project's label is the last component of its worktree`(worktree: String?, expected: String) {
        let project = Project(
            id: .init("x"), worktree: worktree.map { Array($0.utf8) }, created: 0, updated: 0)
        #expect(String(decoding: Label.project(project), as: UTF8.self) == expected)
    }

    @Test func `N3 a session's label is its day and its title`() {
        func label(_ title: String?, _ created: Int64) -> String {
            let session = Session(
                id: .init("s"), project: .init("p"), parent: nil, title: title.map { Array($0.utf8) }, created: created,
                updated: 0, isArchived: false)
            return String(decoding: Label.session(session, zone: TimeZoneRule()), as: UTF8.self)
        }
        // Noon: the same day from UTC-11 to UTC+11.
        #expect(label("A b", 1_794_996_000_000) == "2026-11-18.A-b")
        #expect(label(nil, 1_794_996_000_000) == "2026-11-18")
        #expect(label("!", 1_794_996_000_000) == "2026-11-18")
        #expect(label("A b", .max) == "A-b")
        #expect(label(nil, .min) == "")
    }

    @Test(
        arguments: [
            (43_200_000, "1970-01-01"), (-43_200_000, "1969-12-31"), (-62_135_553_600_000, "0001-01-01"),
            (253_402_257_600_000, "9999-12-31"), (253_402_344_000_000, "10000-01-01"), (8_640_000_000_000_001, nil),
            (-8_640_000_000_000_001, nil), (.max, nil), (.min, nil),
        ] as [(Int64, String?)])
    func `N3 a day is one of the calendar or none`(milliseconds: Int64, expected: String?) {
        #expect(TimeZoneRule().day(milliseconds).map { String(decoding: $0, as: UTF8.self) } == expected)
    }

    @Test func `N3 the ends of JavaScript's time are days`() {
        #expect(TimeZoneRule().day(8_640_000_000_000_000) != nil)
        #expect(TimeZoneRule().day(-8_640_000_000_000_000) != nil)
    }
}
