internal import SQL

/// What is to become of some rows, worked out in a transaction.
///
/// What was worked out and filed in one that reads may be executed in one that writes, as long as nothing was committed in
/// between.
protocol RowPlan {
    /// Files in the trash, durably, what executing will replace or delete.
    ///
    /// - Returns: the numbers of the items.
    func file(in drawer: Trash.Drawer, isLocked: Bool) throws(SQLError) -> [Int64]

    /// Writes the rows.
    ///
    /// - Returns: why not; what was written until then is for the caller to roll back.
    mutating func execute() throws(SQLError) -> StoreError?

    /// Whether the rows are as executing leaves them.
    func isExecuted(on connection: any SQLConnection) throws(SQLError) -> Bool
}
