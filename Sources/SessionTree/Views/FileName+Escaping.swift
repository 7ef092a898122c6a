internal import SessionModel
package import VFS

extension FileName {
    /// A name for any bytes: escaped as ids are (rule N4), and cut where it would be too long.
    ///
    /// Injective, so different bytes never meet under one name.
    package init(escaping bytes: some Collection<UInt8>) {
        let escaped = EscapedID(Identifier<FileName>(bytes: Array(bytes)), room: FileName.maximumLength)
        self = FileName(bytes: escaped.bytes) ?? FileName("%invalid")
    }
}
