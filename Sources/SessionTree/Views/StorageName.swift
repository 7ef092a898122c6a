internal import SessionModel
internal import VFS

/// Names in the layout of OpenCode 1.1: the id, escaped where it must be, and `.json` behind those of files.
enum StorageName {
    private static let suffix = Array(".json".utf8)

    static func file<Entity>(of id: Identifier<Entity>) -> FileName {
        name(escaped(id) + suffix)
    }

    static func directory<Entity>(of id: Identifier<Entity>) -> FileName {
        name(escaped(id))
    }

    /// The id that the name of a file is of.
    ///
    /// - Parameter all: every id there is: an id that was cut to fit is one of these.
    static func id<Entity, Failure: Error>(
        inFile name: FileName, among all: () throws(Failure) -> [Identifier<Entity>]
    ) throws(Failure) -> Identifier<Entity>? {
        guard name.bytes.suffix(suffix.count).elementsEqual(suffix) else { return nil }
        return try id(name.bytes.dropLast(suffix.count), among: all)
    }

    static func id<Entity, Failure: Error>(
        inDirectory name: FileName, among all: () throws(Failure) -> [Identifier<Entity>]
    ) throws(Failure) -> Identifier<Entity>? {
        try id(name.bytes[...], among: all)
    }

    private static func id<Entity, Failure: Error>(
        _ bytes: ArraySlice<UInt8>, among all: () throws(Failure) -> [Identifier<Entity>]
    ) throws(Failure) -> Identifier<Entity>? {
        let spelled = EscapedID(bytes: bytes)
        if spelled.isCut { return try all().first { escaped($0).elementsEqual(bytes) } }
        guard let id: Identifier<Entity> = spelled.decoded(), escaped(id).elementsEqual(bytes) else { return nil }
        return id
    }

    /// The same with and without `.json`, so that a directory and a file of one id are called alike.
    private static func escaped<Entity>(_ id: Identifier<Entity>) -> [UInt8] {
        EscapedID(id, room: FileName.maximumLength - suffix.count).bytes
    }

    private static func name(_ bytes: [UInt8]) -> FileName {
        // It is escaped and measured, so it is a name.
        FileName(bytes: bytes) ?? FileName("%invalid")
    }
}
