import DemoHistory

/// What a promise is tested over: the tables of an OpenCode, and where they lie.
package enum TestFamily: String, CaseIterable, Sendable {
    case v1
    case v2
    /// V2 in a file that V1 began.
    case both
    /// The Go OpenCode's, in a file of SQLite.
    case go
    /// The same on a server: MariaDB.
    case team

    package var tables: DemoHistory.Family {
        switch self {
        case .v1: .v1
        case .v2: .v2
        case .both: .both
        case .go, .team: .go
        }
    }

    package var isGo: Bool { tables == .go }

    /// Those whose database is a file.
    package static let files = allCases.filter { $0 != .team }
    /// Those with tables of projects, archives and workspaces.
    package static let typeScript = allCases.filter { !$0.isGo }
    /// One for each way to store a message, and each provider.
    package static let plain: [Self] = [.v1, .v2, .go, .team]
}
