package import SQL
package import SessionModel

extension Identifier {
    /// The identifier that a column holds; nil for NULL, by which no row can be found.
    package init?(_ value: SQLValue) {
        switch value {
        case .text(let bytes): self.init(bytes: bytes)
        case .blob(let bytes): self.init(bytes: bytes, isBlob: true)
        case .integer(let number): self.init("\(number)")
        case .real(let number): self.init("\(number)")
        case .null: return nil
        }
    }

    package var value: SQLValue {
        isBlob ? .blob(bytes) : .text(bytes)
    }
}
