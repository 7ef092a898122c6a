internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
internal import VFS

extension SessionFileSystem {
    /// Keeps what a save could not bring in.
    ///
    /// - Parameters:
    ///   - name: the one that was to be saved under.
    ///   - path: where that is in the tree.
    ///   - failure: why it was not saved.
    /// - Returns: what to throw: the failure, and where the bytes are.
    func keeping(
        _ bytes: [UInt8], as kind: SalvageKind, of name: FileName, at path: String, _ failure: Failure
    ) -> Failure {
        guard let salvage = settings.salvage else { return failure }
        let sentences = [failure.remedy].filter { !$0.isEmpty }
        do throws(SalvageError) {
            let kept = try salvage.keep(
                bytes, as: kind, of: name, reason: "\(failure.errno.symbol): \(failure.reason); \(path)")
            let place = "your bytes are in .opencodefs/\(kind.directory)/\(kept)"
            return Failure(failure.errno, failure.reason, remedy: (sentences + [place]).joined(separator: "; "))
        } catch {
            // The program still has them, if it looks at the error; nobody else has.
            let reason = "\(failure.reason); the bytes are kept nowhere: \(Failure(error).reason)"
            return Failure(failure.errno, reason, remedy: failure.remedy)
        }
    }

    /// A directory of kept bytes, or something in it; nil for any other place.
    func salvageFacts(of place: Place) throws(Failure) -> Facts? {
        switch place {
        case .salvage(let kind):
            // Where it cannot be read it is listed all the same: what is beside it says why.
            do throws(Failure) {
                return .directory(modified: try kept(kind).map(\.modified).max() ?? .epoch)
            } catch {
                return .directory(modified: .epoch)
            }
        case .salvaged(let kind, let name):
            guard let salvage = settings.salvage else { throw .noEntry }
            do throws(SalvageError) {
                return .file(FileVersion(of: try salvage.find(name, in: kind)))
            } catch {
                throw Failure(error)
            }
        default: return nil
        }
    }

    func salvageLines(_ kind: SalvageKind) throws(Failure) -> [HandleTable.Line] {
        try kept(kind).map {
            HandleTable.Line(
                name: $0.name, place: .salvaged(kind, $0.name), facts: .file(FileVersion(of: $0)), token: .none)
        }
    }

    func salvagedBytes(_ kind: SalvageKind, _ name: FileName) throws(Failure) -> [UInt8] {
        guard let salvage = settings.salvage else { throw .noEntry }
        do throws(SalvageError) { return try salvage.read(name, in: kind) } catch { throw Failure(error) }
    }

    func removeSalvaged(_ kind: SalvageKind, _ name: FileName) throws(Failure) {
        guard let salvage = settings.salvage else { throw .noEntry }
        do throws(SalvageError) { try salvage.remove(name, in: kind) } catch { throw Failure(error) }
        state.withLock { $0.nodes.retire(.salvaged(kind, name)) }
    }

    private func kept(_ kind: SalvageKind) throws(Failure) -> [SalvagedFile] {
        guard let salvage = settings.salvage else { return [] }
        do throws(SalvageError) { return try salvage.list(kind) } catch { throw Failure(error) }
    }
}

extension FileVersion {
    /// Its bytes never change, and its name is never used again.
    fileprivate init(of file: SalvagedFile) {
        self.init(
            size: file.size, changed: Timestamp(milliseconds: file.modified.milliseconds),
            digest: UInt64(bitPattern: file.modified.nanoseconds))
    }
}

extension Failure {
    init(_ error: SalvageError) {
        switch error {
        case .notFound: self = .noEntry
        case .full: self.init(.noSpace, "no space left on the disk of $XDG_STATE_HOME", remedy: "free space")
        case .unavailable(let reason): self.init(.inputOutput, reason)
        }
    }
}
