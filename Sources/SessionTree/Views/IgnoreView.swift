internal import Timing
internal import VFS

/// `.ignore` in the root of a mount, which rg, fd and editors that search with them obey: like grep -r they leave out the
/// links to views. By itself rg looks where each link leads, and a view is made for who asks how large it is.
///
/// Not listed, and no part of the history. Its own test is in `Tests/MountTests/CoherenceTests.swift`.
struct IgnoreView: DerivedTree {
    /// When the text was last changed: the file's own time, the same in every mount.
    private static let written = Timestamp(milliseconds: 1_795_305_600_000)

    private static let text: String = {
        let links = SessionViews.linked.map { String(decoding: $0.bytes, as: UTF8.self) }
        let patterns = links.map { "/*/**/\($0)\n" }.joined()
        return """
            # For rg, fd and editors: views are made from the messages, and searched when they are named.
            \(patterns)!/.opencodefs/**

            """
    }()

    func entry(at path: [FileName], in history: any HistoryReading) -> DerivedEntry? {
        guard path.isEmpty else { return nil }
        return .file(DerivedFile(.bytes(Array(Self.text.utf8)), changed: Self.written))
    }

    func list(_ path: [FileName], in history: any HistoryReading) -> [(name: FileName, kind: Attributes.Kind)] { [] }
}
