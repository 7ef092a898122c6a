package import SessionModel
package import Timing
package import VFS

/// A tree of views. To add one: a file in `Views/` with a value of this protocol, a ``DerivedPlace/Root``, and a line in
/// ``DerivedTrees``.
///
/// What it says comes from the one version of the history that it is given, so that views never disagree; each question costs
/// no more than it needs: ``list(_:in:)`` renders nothing, and ``entry(at:in:)`` no file but the one it is asked for.
package protocol DerivedTree: Sendable {
    /// What stands at a path below the root; nil for nothing. The empty path is the root itself.
    func entry(at path: [FileName], in history: any HistoryReading) throws(ViewError) -> DerivedEntry?

    /// What a directory lists, in any order; nothing for what is no directory.
    func list(
        _ path: [FileName], in history: any HistoryReading
    ) throws(ViewError) -> [(name: FileName, kind: Attributes.Kind)]
}

/// What stands somewhere in a tree of views.
package enum DerivedEntry {
    case directory(modified: Timestamp)
    /// A symbolic link, as readlink(2) tells it.
    case link(target: [UInt8], modified: Timestamp)
    case file(DerivedFile)

    package var kind: Attributes.Kind {
        switch self {
        case .directory: .directory
        case .link: .link
        case .file: .regular
        }
    }
}

/// A file of a view: what it is made from, and how.
package struct DerivedFile {
    package enum Content {
        /// Small, and at hand.
        case bytes([UInt8])
        /// Exact without being made: any range can be had, in memory that does not depend on the size.
        case ranges(Ranges)
        /// Made piece by piece, once for each version, and kept on disk as long as somebody may read it.
        ///
        /// - Parameter growing: whether more pieces behind the same ones are the same file, grown: who has it open sees it
        ///   grow (`tail -f`). Then no piece ever changes what stands before it.
        case pieces([Piece], growing: Bool)
    }

    /// What is known of a file of which any range can be had. It holds for one version of what it is made from, and may be
    /// kept as long as that stands.
    package struct Ranges: Sendable {
        /// Bytes.
        package let size: Int
        /// Other when the bytes are.
        package let digest: UInt64
        /// Some of the bytes.
        ///
        /// - Throws: `.changed` where what they are made from has changed since.
        package let read: @Sendable (Range<Int>, any HistoryReading) throws(ViewError) -> [UInt8]

        package init(
            size: Int, digest: UInt64,
            read: @escaping @Sendable (Range<Int>, any HistoryReading) throws(ViewError) -> [UInt8]
        ) {
            self.size = size
            self.digest = digest
            self.read = read
        }
    }

    /// A stretch of the file.
    package struct Piece {
        /// Of all that it is made from: other when the bytes are. Known without rendering.
        package let digest: UInt64
        /// Hands out the bytes, in as many portions as it likes; none is larger than a message.
        package let render: (_ add: (ArraySlice<UInt8>) throws(ViewError) -> Void) throws(ViewError) -> Void

        package init(
            digest: UInt64,
            render: @escaping (_ add: (ArraySlice<UInt8>) throws(ViewError) -> Void) throws(ViewError) -> Void
        ) {
            self.digest = digest
            self.render = render
        }
    }

    package let content: Content
    /// The newest row that it is made from.
    package let changed: Timestamp

    package init(_ content: Content, changed: Timestamp) {
        self.content = content
        self.changed = changed
    }
}

/// Why a view cannot be made.
package enum ViewError: Error {
    /// What it is made from is not there (any more).
    case notFound
    /// It is another version by now.
    case changed
    /// What was asked for cannot be: both are for people.
    case invalid(reason: String, remedy: String)
    /// What it is made from is more than can be taken apart; both are for people.
    case tooLarge(reason: String, remedy: String)
    /// The history refuses, and says so in its own words.
    case history(any Error)
}

/// What messages say, in one version of the history. Good until the call it was given to returns.
package protocol MessageTexts {
    /// The texts of a message, as ``Message/texts`` numbers them, whole.
    func texts(of message: Message) throws(ViewError) -> [[UInt8]]
    /// Some bytes of one of them.
    func text(_ index: Int, of message: Message, range: Range<Int>) throws(ViewError) -> [UInt8]
}

/// One version of the history, as views see it. Good until the call it was given to returns.
package protocol HistoryReading: MessageTexts {
    /// Where everything stands, and how it is called in this mount.
    var catalog: Catalog { get }
    var naming: Naming { get }

    /// The names that lead from the root of the mount to a session; nil for one that is not shown.
    func path(to session: Session.ID) -> [FileName]?

    func sessionRecord(_ id: Session.ID) throws(ViewError) -> SessionRecord?
    func projectRecord(_ id: Project.ID) throws(ViewError) -> Record?
    func todos(of session: Session.ID) throws(ViewError) -> [Todo]
    /// What sessions are found by, of all that have a row. Read once for each version of the history.
    func traits() throws(ViewError) -> [Session.ID: SessionTraits]

    /// The files inside of a session's messages.
    func attachments(of session: Session.ID) throws(ViewError) -> [Attachment]

    /// Whether the family keeps versions of the files that agents touch.
    var keepsFileRevisions: Bool { get }
    /// Versions of files that a session's agent has touched.
    func fileRevisions(of session: Session.ID) throws(ViewError) -> [FileRevision]
    /// Some bytes of one of them.
    ///
    /// - Throws: `.changed` where it is another version by now.
    func text(of revision: FileRevision, in session: Session.ID, range: Range<Int>) throws(ViewError) -> [UInt8]

    /// A session's messages in OpenCode's own order, without their texts.
    func messages(of session: Session.ID, _ body: (Message) throws(ViewError) -> Void) throws(ViewError)
    func message(_ id: Message.ID, of session: Session.ID) throws(ViewError) -> Message?
    /// The session that a message is shown in.
    func session(of message: Message.ID) throws(ViewError) -> Session.ID?
    /// The name of a message's file in this mount; nil where there is no such message.
    func name(of message: Message.ID, in session: Session.ID) throws(ViewError) -> FileName?

    /// What a search finds in what this mount shows, the best first.
    ///
    /// - Parameter mayBeListed: whether what was found a moment ago will do, though more may have been committed since.
    func search(_ query: SearchQuery, mayBeListed: Bool) throws(ViewError) -> SearchHits
}
