/// How much a database holds.
package struct Counts: Sendable, Equatable {
    package var projects = 0
    package var sessions = 0
    package var messages = 0
    package var parts = 0

    package init() {}

    package var rows: Int {
        projects + sessions + messages + parts
    }
}
