package import SessionModel
package import VFS

/// How entities are called in the tree, and what a name asks for (rules N1 to N4).
package struct Naming: Sendable {
    package enum Style: Sendable {
        /// `label~id`
        case labels
        /// The id alone: for rsync, diff -r and scripts.
        case identifiers
    }

    package let style: Style
    private let zone = TimeZoneRule()

    package init(style: Style) {
        self.style = style
    }

    package func name(of project: Project) -> FileName {
        compose(Label.project(project), project.id, reserved: Self.reservedForProjects)
    }

    package func name(of session: Session) -> FileName {
        compose(Label.session(session, zone: zone), session.id, reserved: Self.reservedForSessions)
    }

    /// The day a session was made, where the mount runs: `2026-11-18`.
    func day(of session: Session) -> [UInt8]? {
        zone.day(session.created)
    }

    package func name(of message: Message.ID, ordinal: Int64, role: [UInt8]?) -> FileName {
        compose(Label.message(ordinal: ordinal, role: role), message, suffix: ".json")
    }

    /// Whether a name asks for an entity whose canonical name is `name`: by that name, by the id alone, or by a name
    /// that this mount has shown for it before.
    package func matches(_ asked: FileName, canonical name: FileName, former: Set<FileName>) -> Bool {
        asked == name || asked == bare(name) || former.contains(asked)
    }

    /// The name without its label.
    package func bare(_ name: FileName) -> FileName {
        guard let separator = name.bytes.lastIndex(of: Self.separator) else { return name }
        return FileName(bytes: Array(name.bytes[(separator + 1)...])) ?? name
    }

    /// The id that a name asks for, of a project or session.
    package func identifier<Entity>(in name: FileName, of _: Entity.Type) -> Reading<Entity> {
        Self.identifier(in: name, of: Entity.self)
    }

    static func identifier<Entity>(in name: FileName, of _: Entity.Type) -> Reading<Entity> {
        read(name.bytes[...])
    }

    /// The id that the name of a message's file asks for.
    package func message(in name: FileName) -> Reading<Message> {
        Self.message(in: name)
    }

    static func message(in name: FileName) -> Reading<Message> {
        guard name.bytes.count > json.count, name.bytes.suffix(json.count).elementsEqual(json) else { return .none }
        return read(name.bytes.dropLast(json.count))
    }

    /// What a name says about an id.
    package enum Reading<Entity>: Equatable {
        /// No id is spelled so.
        case none
        case id(Identifier<Entity>)
        /// The id was cut to fit: it is the one whose canonical name this is.
        case cut
    }

    private static func read<Entity>(_ bytes: ArraySlice<UInt8>) -> Reading<Entity> {
        let start = bytes.lastIndex(of: separator).map { $0 + 1 } ?? bytes.startIndex
        let escaped = EscapedID(bytes: bytes[start...])
        if escaped.isCut { return .cut }
        guard !escaped.bytes.isEmpty, let id: Identifier<Entity> = escaped.decoded() else { return .none }
        return .id(id)
    }

    /// `label~id`, the label cut where both do not fit.
    private func compose<Entity>(
        _ label: [UInt8], _ id: Identifier<Entity>, reserved: Set<[UInt8]> = [], suffix: String = ""
    ) -> FileName {
        // The id looks the same with and without its label: it takes the room it needs, the label what is left.
        let room = FileName.maximumLength - suffix.utf8.count
        let escaped = EscapedID(id, reserved: reserved, room: room)
        let label =
            style == .labels ? EscapedID.cut(label, to: max(0, room - escaped.bytes.count - 1)) : []
        let bytes = label + (label.isEmpty ? [] : [Self.separator]) + escaped.bytes + suffix.utf8
        // Every part is escaped and measured, so this is a name; the id of an empty one is `%empty`.
        return FileName(bytes: bytes) ?? FileName("%invalid")
    }

    static let separator = UInt8(ascii: "~")
    static let json = Array(".json".utf8)
    /// What the root holds besides projects.
    private static let reservedForProjects: Set<[UInt8]> = [FileName.readme.bytes]
    /// What a project directory holds besides sessions.
    private static let reservedForSessions: Set<[UInt8]> = [FileName.projectFile.bytes, FileName.archived.bytes]
}
