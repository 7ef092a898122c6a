private import Glibc
internal import SessionFileSystem
internal import SessionTree
internal import Synchronization
internal import Timing
internal import VFS

/// Bytes that could not be saved, in `rejected/` and `conflicts/` of the state directory (rules W2 and W3).
///
/// Other mounts keep theirs in the same directories. A name is claimed by creating the reason, which only one can; the
/// bytes get theirs when all of them are on the disk. So what has a name is whole, and is never replaced.
final class SalvageDirectory: Salvage {
    /// What goes, and when.
    struct Limits {
        var age = Duration.seconds(7 * 86_400)
        /// Bytes that both directories hold together.
        var size: Int64 = 256 << 20

        /// How long a reason stays whose bytes are gone, or not there yet.
        static let orphanAge = Duration.seconds(60)
        /// How long nobody takes to write one file.
        static let unfinishedAge = Duration.seconds(3600)
    }

    private struct Kept {
        let kind: SalvageKind
        let asked: FileName
        let name: FileName
        let moment: ContinuousClock.Instant
    }

    private let base: String
    private let limits: Limits
    /// What was kept a moment ago: the kernel may repeat itself.
    private let recent = Mutex<[Kept]>([])

    private static let repetition = Duration.seconds(10)

    /// - Parameter base: the directory of both; made when it is needed.
    init(_ base: String, limits: Limits = Limits()) {
        self.base = base
        self.limits = limits
    }

    func keep(
        _ bytes: [UInt8], as kind: SalvageKind, of name: FileName, reason: String
    ) throws(SalvageError) -> FileName {
        if let kept = repeated(bytes, kind, name) { return kept }
        let kept: FileName
        do throws(ErrorNumber) {
            kept = try write(bytes, kind, name, reason)
        } catch {
            throw failure(error)
        }
        recent.withLock { $0.append(Kept(kind: kind, asked: name, name: kept, moment: .now)) }
        prune(sparing: kept)
        return kept
    }

    func list(_ kind: SalvageKind) throws(SalvageError) -> [SalvagedFile] {
        let files = try entries(kind)
        let names = Set(files.map(\.name))
        return files.filter { file in
            !file.name.isHidden && file.name.withoutReason.map { names.contains($0) } ?? true
        }.sorted { ($0.name.withoutReason ?? $0.name, $0.name) < ($1.name.withoutReason ?? $1.name, $1.name) }
    }

    func find(_ name: FileName, in kind: SalvageKind) throws(SalvageError) -> SalvagedFile {
        guard !name.isHidden, let file = file(name, kind) else { throw .notFound }
        return file
    }

    func read(_ name: FileName, in kind: SalvageKind) throws(SalvageError) -> [UInt8] {
        _ = try find(name, in: kind)
        guard let bytes = System.contents(path(name, kind), limit: .max) else { throw failure(ErrorNumber()) }
        return bytes
    }

    func remove(_ name: FileName, in kind: SalvageKind) throws(SalvageError) {
        _ = try find(name, in: kind)
        do throws(ErrorNumber) { try System.removeExisting(path(name, kind)) } catch { throw failure(error) }
        // Its time begins now: see `Limits.orphanAge`.
        if name.withoutReason == nil { System.touch(path(name.withReason, kind)) }
    }

    /// Removes what is too old, then the oldest of what is too much. What cannot be removed now will be another time.
    ///
    /// - Parameter newest: stays, however large it is.
    func prune(sparing newest: FileName? = nil) {
        var kept: [(file: SalvagedFile, kind: SalvageKind)] = []
        var total: Int64 = 0
        for kind in SalvageKind.allCases {
            let files = (try? entries(kind)) ?? []
            let names = Set(files.map(\.name))
            for file in files where file.name != newest {
                if file.name.isHidden {
                    if file.isOlder(than: Limits.unfinishedAge) { System.remove(path(file.name, kind)) }
                } else if let owner = file.name.withoutReason {
                    // The reason of what stays goes with it.
                    let isOrphan = !names.contains(owner) && file.isOlder(than: Limits.orphanAge)
                    if isOrphan { System.remove(path(file.name, kind)) }
                } else if file.isOlder(than: limits.age) {
                    drop(file.name, kind)
                } else {
                    kept.append((file, kind))
                }
            }
            total += files.filter { $0.name == newest }.reduce(0) { $0 + Int64($1.size) }
        }
        total += kept.reduce(0) { $0 + Int64($1.file.size) }
        for (file, kind) in kept.sorted(by: { ($0.file.modified, $0.file.name) < ($1.file.modified, $1.file.name) }) {
            guard total > limits.size else { return }
            drop(file.name, kind)
            total -= Int64(file.size)
        }
    }

    // MARK: Keeping

    private func repeated(_ bytes: [UInt8], _ kind: SalvageKind, _ name: FileName) -> FileName? {
        let candidates = recent.withLock { recent in
            recent.removeAll { $0.moment + Self.repetition < .now }
            return recent.filter { $0.kind == kind && $0.asked == name }.map(\.name)
        }
        return candidates.first { kept in
            // Somebody may have removed it.
            guard file(kept, kind)?.size == bytes.count else { return false }
            return System.contents(path(kept, kind), limit: .max) == bytes
        }
    }

    private func write(
        _ bytes: [UInt8], _ kind: SalvageKind, _ name: FileName, _ reason: String
    ) throws(ErrorNumber) -> FileName {
        let directory = directory(kind)
        if case .failure = System.kind(directory) {
            if let error = System.makeDirectory(directory) { throw error }
            try System.synchronise(directory: base)
        }
        var moment = Timestamp.now
        let line = Array((Self.plain(reason) + "; \(moment.rfc3339)\n").utf8)
        while true {
            let kept = Self.name(name, at: moment)
            moment = moment.advanced(byNanoseconds: 1_000_000)
            do throws(ErrorNumber) { try System.create(path(kept.withReason, kind), line) } catch {
                if error.code == EEXIST { continue }
                throw error
            }
            // Kept before, and its reason removed alone.
            if file(kept, kind) != nil {
                System.remove(path(kept.withReason, kind))
                continue
            }
            do throws(ErrorNumber) {
                let unfinished = path(kept.hidden, kind)
                try System.create(unfinished, bytes)
                do throws(ErrorNumber) { try System.move(unfinished, to: path(kept, kind)) } catch {
                    System.remove(unfinished)
                    throw error
                }
                try System.synchronise(directory: directory)
            } catch {
                drop(kept, kind)
                throw error
            }
            return kept
        }
    }

    /// `20261121T140312.123-000002.assistant~msg_x.json`: of a name that is too long, the end.
    private static func name(_ name: FileName, at moment: Timestamp) -> FileName {
        let stamp = moment.rfc3339.filter { $0 != "-" && $0 != ":" && $0 != "Z" } + "-"
        let room = FileName.maximumLength - stamp.utf8.count - FileName.reasonSuffix.count - 1
        var rest = Array(plain("\(name)").utf8).suffix(room)
        while let first = rest.first, first & 0xc0 == 0x80 { rest.removeFirst() }
        // What would look like a reason is none.
        let end: [UInt8] = rest.reversed().starts(with: FileName.reasonSuffix.reversed()) ? [UInt8(ascii: "_")] : []
        return FileName(bytes: Array(stamp.utf8) + rest + end) ?? FileName("invalid")
    }

    /// A text as one line.
    private static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }

    // MARK: The disk

    private func directory(_ kind: SalvageKind) -> String {
        "\(base)/\(kind.directory)"
    }

    /// What is kept has a name that is UTF-8.
    private func path(_ name: FileName, _ kind: SalvageKind) -> String {
        "\(directory(kind))/\(name)"
    }

    private func file(_ name: FileName, _ kind: SalvageKind) -> SalvagedFile? {
        guard let file = System.file(path(name, kind)) else { return nil }
        return SalvagedFile(name: name, size: file.size, modified: file.modified)
    }

    /// Every file, also those that are not shown.
    private func entries(_ kind: SalvageKind) throws(SalvageError) -> [SalvagedFile] {
        guard let names = System.names(in: directory(kind)) else {
            let error = ErrorNumber()
            if error.code == ENOENT { return [] }
            throw failure(error)
        }
        return names.compactMap { FileName(bytes: Array($0.utf8)) }.compactMap { file($0, kind) }
    }

    /// Removes the bytes, then their reason.
    private func drop(_ name: FileName, _ kind: SalvageKind) {
        System.remove(path(name, kind))
        System.remove(path(name.withReason, kind))
    }

    private func failure(_ error: ErrorNumber) -> SalvageError {
        switch error.code {
        case ENOENT: .notFound
        case ENOSPC, EDQUOT: .full
        default: .unavailable(reason: "\(base): \(error.text)")
        }
    }
}

extension SalvagedFile {
    fileprivate func isOlder(than age: Duration) -> Bool {
        Timestamp.now > modified.advanced(byNanoseconds: age.components.seconds * 1_000_000_000)
    }
}

extension FileName {
    fileprivate static let reasonSuffix = Array(".reason".utf8)

    /// The name of the reason beside a kept file.
    fileprivate var withReason: FileName {
        FileName(bytes: bytes + Self.reasonSuffix) ?? self
    }

    /// The file that a reason stands beside; nil for a name that is no reason's.
    fileprivate var withoutReason: FileName? {
        guard bytes.reversed().starts(with: Self.reasonSuffix.reversed()) else { return nil }
        return FileName(bytes: Array(bytes.dropLast(Self.reasonSuffix.count)))
    }

    fileprivate var hidden: FileName {
        FileName(bytes: [UInt8(ascii: ".")] + bytes) ?? self
    }

    fileprivate var isHidden: Bool {
        bytes.first == UInt8(ascii: ".")
    }
}
