internal import SessionModel
internal import VFS

/// A way to find sessions, a directory of `.opencodefs/by/`. To add one: a value of this protocol, and a line in ``ByViews``.
protocol SessionOrder: Sendable {
    /// The directories below its own that a session stands in; nil where it does not have what they are named by.
    func directories(of session: Session, in history: any HistoryReading) throws(ViewError) -> [FileName]?
}

/// `date/2026/11/18`: the day a session was made, where the mount runs, as its label says it (rule N3).
struct SessionsByDate: SessionOrder {
    func directories(of session: Session, in history: any HistoryReading) -> [FileName]? {
        // A year before 0 begins with a dash of its own; no name is empty.
        history.naming.day(of: session)?.split(separator: UInt8(ascii: "-")).map { FileName(escaping: $0) }
    }
}

/// `model/claude-opus-4-5`: the model a session used last.
struct SessionsByModel: SessionOrder {
    func directories(of session: Session, in history: any HistoryReading) throws(ViewError) -> [FileName]? {
        try history.traits()[session.id]?.model.map { [FileName(escaping: $0)] }
    }
}

/// `agent/build`
struct SessionsByAgent: SessionOrder {
    func directories(of session: Session, in history: any HistoryReading) throws(ViewError) -> [FileName]? {
        try history.traits()[session.id]?.agent.map { [FileName(escaping: $0)] }
    }
}

/// `path/home/u/shop`: the directory a session works in, so that `by/path$PWD` leads to those of the working directory.
struct SessionsByPath: SessionOrder {
    func directories(of session: Session, in history: any HistoryReading) throws(ViewError) -> [FileName]? {
        try history.traits()[session.id]?.directory.map { directory in
            // Under their own names, hidden ones too; only what is no name in any directory is escaped.
            directory.split(separator: UInt8(ascii: "/")).map { FileName(bytes: Array($0)) ?? FileName(escaping: $0) }
        }
    }
}
