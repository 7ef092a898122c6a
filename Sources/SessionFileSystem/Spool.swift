/// Where views are kept while somebody may read them: too large for memory, made from what the database has, gone with the
/// mount.
package protocol Spool: Sendable {
    /// A new file without a name; its space is free again when it is released.
    func makeFile() throws(SpoolError) -> any SpoolFile
}

/// A file that is written at its end. Calls come from several threads; one appends at a time.
package protocol SpoolFile: AnyObject, Sendable {
    func append(_ bytes: ArraySlice<UInt8>) throws(SpoolError)

    /// As many bytes as there are of those asked for.
    func read(_ range: Range<Int>) throws(SpoolError) -> [UInt8]

    /// Bytes.
    var size: Int { get }
}

/// The disk refuses.
package enum SpoolError: Error {
    case full
    /// The reason is for people.
    case failed(reason: String)
}
