import Testing

@testable import opencodefs

/// Serialized: getopt_long(3) keeps its place in variables of the whole process.
@Suite(.serialized) struct OptionTests {
    private static let size = CommandOption("size", "s", argument: "N", help: "")
    private static let quiet = CommandOption("quiet", "q", help: "")

    @Test func `options and operands may be mixed`() throws {
        let arguments = try OptionParser.parse(
            ["one", "-q", "--size=3", "two", "-s", "4", "--", "-x"], [Self.size, Self.quiet], command: "test")
        #expect(arguments.operands == ["one", "two", "-x"])
        #expect(arguments.has(Self.quiet))
        #expect(arguments[Self.size] == "4")
        #expect(arguments.all(Self.size) == ["3", "4"])
    }

    @Test(arguments: [["--size"], ["-s"], ["--nonsense"], ["-z"], ["--quiet=yes"]])
    func `a command line that is wrong is named and explained`(words: [String]) throws {
        let failure = try #require(throws: CommandFailure.self) {
            try OptionParser.parse(words, [Self.size, Self.quiet], command: "test")
        }
        #expect(failure.status == .usage)
        #expect(failure.message.contains("opencodefs test --help"))
    }

    @Test func `-o is read as mount(8) writes it`() throws {
        var options = MountOptions()
        try options.add("ro,names=id,uid=12,gid=root,umask=027,trash=0,nofail,x-systemd.automount,nosuid")
        #expect(options.isReadOnly)
        #expect(options.style == .identifiers)
        #expect(options.owner == 12)
        #expect(options.group == 0)
        #expect(options.umask == 0o027)
        #expect(options.trashDays == 0)
        #expect(options.passedThrough == ["nosuid"])
        #expect(options.migrates)
        try options.add("rw,names=label,project=a\\,b,nomigrate")
        #expect(!options.migrates)
        #expect(!options.isReadOnly)
        #expect(options.style == .labels)
        #expect(options.project == "a,b")
    }

    @Test(arguments: ["nonsense", "names=x", "umask=9", "trash=-1", "trash=x", "uid=no-such-user", "ro=1"])
    func `an option of -o that means nothing is refused`(option: String) throws {
        let failure = try #require(throws: CommandFailure.self) {
            var options = MountOptions()
            try options.add(option)
        }
        #expect(failure.status == .usage)
        #expect(failure.message.contains(option.split(separator: "=")[0]))
    }

    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_572_864, "1.5 MiB"), (5_368_709_120, "5.0 GiB"),
    ])
    func `sizes are told as people read them`(bytes: Int64, text: String) {
        #expect(Human.size(bytes) == text)
    }
}
