internal import SQL

/// The statements that a connection has prepared: those of templates by the template, others by their text.
struct SQLiteStatementCache {
    /// The template stays with its statement: another one could come to lie in its place.
    private var templates: [ObjectIdentifier: (template: SQLTemplate, statement: SQLiteStatement)] = [:]
    private var texts: [String: SQLiteStatement] = [:]

    /// A statement that nobody is using: the same text may run inside its own rows, and gets one of its own then.
    ///
    /// - Returns: the statement, in use until the caller says otherwise.
    mutating func take(
        _ template: SQLTemplate?, _ text: String, _ prepare: () throws(SQLError) -> SQLiteStatement
    ) throws(SQLError) -> SQLiteStatement {
        let known = template.map { templates[ObjectIdentifier($0)]?.statement } ?? texts[text]
        if let known, !known.isInUse {
            known.isInUse = true
            return known
        }
        let statement = try prepare()
        statement.isInUse = true
        guard known == nil else { return statement }
        if let template {
            templates[ObjectIdentifier(template)] = (template, statement)
        } else {
            texts[text] = statement
        }
        return statement
    }
}
