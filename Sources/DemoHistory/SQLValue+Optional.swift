internal import SQL

extension SQLValue {
    /// NULL where there is nothing.
    init(orNull text: String?) {
        if let text { self.init(text) } else { self = .null }
    }

    init(orNull number: Int64?) {
        if let number { self = .integer(number) } else { self = .null }
    }

    init(_ json: JSONWriter) {
        self = .text(json.bytes)
    }
}
