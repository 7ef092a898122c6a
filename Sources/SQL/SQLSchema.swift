/// Tables, columns and references of a database, as far as we ask.
package struct SQLSchema: Sendable {
    package struct Column: Sendable, Hashable {
        package let name: String
        package let isRequired: Bool
        package let isKey: Bool

        /// - Parameters:
        ///   - isRequired: NOT NULL without a default, so that an INSERT must name it.
        ///   - isKey: part of the primary key.
        package init(name: String, isRequired: Bool, isKey: Bool = false) {
            self.name = name
            self.isRequired = isRequired
            self.isKey = isKey
        }
    }

    /// A foreign key: rows of `table` point with `column` at `parentColumn` of `parent`.
    package struct Reference: Sendable, Hashable {
        package enum OnDelete: Sendable { case cascade, setNull, other }

        package let table: String
        package let column: String
        package let parent: String
        package let parentColumn: String
        package let onDelete: OnDelete

        package init(table: String, column: String, parent: String, parentColumn: String, onDelete: OnDelete) {
            self.table = table
            self.column = column
            self.parent = parent
            self.parentColumn = parentColumn
            self.onDelete = onDelete
        }
    }

    /// Columns of each table, in their order.
    package let tables: [String: [Column]]
    package let references: [Reference]

    package init(tables: [String: [Column]], references: [Reference]) {
        self.tables = tables
        self.references = references
    }

    package func has(_ table: String) -> Bool {
        tables[table] != nil
    }

    package func has(_ column: String, in table: String) -> Bool {
        tables[table]?.contains { $0.name == column } ?? false
    }
}
