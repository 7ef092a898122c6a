internal import Timing
internal import VFS

/// `README.md` in the root of a mount: how to use it, for whoever finds it there.
///
/// It is one text for each style of names and says nothing that changes, so that no program that copies or compares a mount
/// ever meets another one. Its examples are run by `Tests/MountTests/ReadmeTests.swift`.
struct ReadmeView: DerivedTree {
    /// When the text was last changed: the file's own time, the same in every mount.
    private static let written = Timestamp(milliseconds: 1_795_320_000_000)

    func entry(at path: [FileName], in history: any HistoryReading) -> DerivedEntry? {
        guard path.isEmpty else { return nil }
        return .file(DerivedFile(.bytes(Self.text(history.naming.style)), changed: Self.written))
    }

    func list(_ path: [FileName], in history: any HistoryReading) -> [(name: FileName, kind: Attributes.Kind)] { [] }

    static func text(_ style: Naming.Style) -> [UInt8] {
        Array((beginning + names(style) + rest).utf8)
    }

    private static let beginning = """
        # Your OpenCode history

        This directory shows what OpenCode has in its database: projects, in them sessions, in them messages, each a file of
        JSON. What OpenCode writes is here at once; what you change here, OpenCode has. This file belongs to the mount, not to
        the history.

            PROJECT/project.json
            PROJECT/SESSION/session.json          title, model, cost, times
            PROJECT/SESSION/messages/*.json       the conversation, in its order
            PROJECT/SESSION/children/             sessions that this one has started
            PROJECT/SESSION/transcript.md         the conversation, to be read
            PROJECT/SESSION/attachments/          files inside of messages, decoded
            PROJECT/SESSION/files/                versions of files the agent wrote, where OpenCode keeps them
            PROJECT/SESSION/preferences.json      yours: any JSON to keep with it, once you write it; cache.json too
            PROJECT/archived/                     sessions that were archived
            .opencodefs/                          views, the trash, errors; not listed, but there


        """

    private static func names(_ style: Naming.Style) -> String {
        switch style {
        case .labels:
            """
            Names are `label~id`. Only the id counts: `ses_…` alone is the same file, and a label that changes breaks no script.


            """
        case .identifiers:
            """
            Names are ids alone (`-o names=id`): they never change.


            """
        }
    }

    private static let rest = """
        ## Look

        ```sh
        ls .opencodefs/by/latest/messages/ | tail -n 5
        cat .opencodefs/by/latest/session.json
        grep -rlF --include='*.json' -e 'the' .opencodefs/by/latest/messages/ | head -n 3
        find . -path '*/messages/*.json' -size +256k
        ls .opencodefs/by/date/ .opencodefs/by/model/
        find .opencodefs/by/date/ -type l | wc -l
        ls '.opencodefs/search/the role:user/' | head -n 3
        ```

        `.opencodefs/by/` has symbolic links to sessions: `latest` to the one that changed last, and `date/YYYY/MM/DD`, `model`,
        `agent` and `path` (the working directory: `ls .opencodefs/by/path$PWD`) to all of them. `getfattr -d` tells of sessions and
        messages what is known without reading them: title, role, model, cost, tokens. `.opencodefs/search/QUERY/` has links to the
        messages that match; `opencodefs search --help` says what a query may be.

        ## Change

        Save a message with any editor: it is checked first, and what OpenCode could not read is refused. `mv` of a session gives
        it another title, `mv` into `archived/` archives it, `rm` and `rm -r` delete. What was removed or replaced is in
        `.opencodefs/trash/` for a week:

        ```sh
        rm -r "$(readlink -f .opencodefs/by/latest)"
        opencodefs trash
        opencodefs restore --last
        ```

        ## Keep

        ```sh
        tar -czf "$(mktemp)" -C "$(readlink -f .opencodefs/by/latest)" .
        ```

        `cp -r`, `tar` and `rsync -a` of a project or session into another mount bring it there.

        ## When something fails

        ```sh
        tail -n 3 .opencodefs/errors.jsonl
        cat .opencodefs/status.json
        ```

        Each error has a line there with its reason and a remedy; a text that was refused is kept in `.opencodefs/rejected/` or
        `.opencodefs/conflicts/`. `opencodefs --help` lists the commands.

        """
}
