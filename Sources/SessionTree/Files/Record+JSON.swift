package import SessionModel

extension Record {
    /// A column of text as a JSON string.
    package func string(_ column: String) -> JSONObject.Value? {
        text(column).map { .string($0) }
    }

    /// A column of JSON text as the value it is.
    package func stored(_ column: String) -> JSONObject.Value? {
        text(column).map { .stored($0) }
    }

    /// A column as a number; what is text there stays text.
    package func number(_ column: String) -> JSONObject.Value? {
        switch self[column] {
        case .integer(let value): .integer(value)
        case .real(let value): .real(value)
        case .text(let bytes): .string(bytes)
        case nil: nil
        }
    }
}
