package import SessionModel
package import SessionStore
package import SessionTree

/// What messages say, in a snapshot of a store.
package struct SnapshotTexts: MessageTexts {
    private let snapshot: any HistorySnapshot

    package init(_ snapshot: any HistorySnapshot) {
        self.snapshot = snapshot
    }

    package func texts(of message: Message) throws(ViewError) -> [[UInt8]] {
        do throws(StoreError) { return try snapshot.texts(of: message) } catch { throw .history(error) }
    }

    package func text(_ index: Int, of message: Message, range: Range<Int>) throws(ViewError) -> [UInt8] {
        do throws(StoreError) {
            return try snapshot.text(index, of: message, range: range)
        } catch {
            throw .history(error)
        }
    }
}

extension StoreError {
    /// Why a text cannot be searched: what the store said.
    package init(_ error: ViewError) {
        switch error {
        case .history(let error as StoreError): self = error
        case .history(let error): self = .unavailable(reason: "\(error)")
        case .notFound, .changed: self = .notFound
        case .invalid(let reason, _), .tooLarge(let reason, _): self = .notAllowed(reason: reason)
        }
    }
}
