internal import SessionTree

/// Views that were made from pieces, the one used last at the end. Whoever reads one holds its file.
struct RenderedViews {
    /// One version of a view, or one that grows.
    struct View {
        let place: DerivedPlace
        /// What it is made of.
        var pieces: [Piece]
        let file: any SpoolFile
        /// Other for every file that takes the place of another.
        let epoch: UInt64
        /// Bytes of the pieces that are complete: a thread may be appending.
        var size: Int
        /// Bytes in the file: more, when whoever made it had to stop inside a piece.
        var made: Int
        /// Whether it was never made to its end: whoever asks next goes on from there.
        var isPartial = false

        /// Of all its pieces.
        var digest: UInt64 {
            pieces.reduce(ContentHash.seed) { ContentHash.combine($0, $1.digest) }
        }
    }

    /// A stretch of a view that is made.
    struct Piece {
        let digest: UInt64
        /// The byte behind its last.
        let end: Int
    }

    private var views: [View] = []
    /// The first file that each place showed: it has the place's own st_ino.
    private var firstEpochs: [DerivedPlace: UInt64] = [:]
    private var nextEpoch: UInt64 = 1

    /// More are not kept than that, nor more bytes, but for those that somebody has open.
    private static let longest = 256
    private static let largest = 1 << 30
    /// Nor more of one place: whoever reads the one before the newest may do so.
    private static let most = 3

    /// The view that is made of these pieces.
    mutating func find(_ place: DerivedPlace, _ pieces: [UInt64]) -> View? {
        guard
            let index = views.lastIndex(where: { view in
                view.place == place && !view.isPartial && view.pieces.count == pieces.count
                    && zip(view.pieces, pieces).allSatisfy { $0.digest == $1 }
            })
        else { return nil }
        let view = views.remove(at: index)
        views.append(view)
        return view
    }

    /// The view that a version of a file is.
    func find(_ place: DerivedPlace, _ version: FileVersion) -> View? {
        version.isGrowing
            ? find(place, epoch: version.digest)
            : views.last {
                $0.place == place && !$0.isPartial && $0.size == version.size && $0.digest == version.digest
            }
    }

    /// The view of a place that was made or used last.
    func latest(_ place: DerivedPlace) -> View? {
        views.last { $0.place == place }
    }

    func find(_ place: DerivedPlace, epoch: UInt64) -> View? {
        views.last { $0.place == place && $0.epoch == epoch }
    }

    /// - Parameter used: epochs of views that somebody has open.
    mutating func add(
        _ place: DerivedPlace, _ pieces: [Piece], _ file: any SpoolFile, isPartial: Bool, keeping used: Set<UInt64>
    ) -> View {
        let view = View(
            place: place, pieces: pieces, file: file, epoch: nextEpoch, size: pieces.last?.end ?? 0, made: file.size,
            isPartial: isPartial)
        nextEpoch += 1
        if firstEpochs[place] == nil { firstEpochs[place] = view.epoch }
        let former = views.filter { $0.place == place }
        for other in former.dropLast(Self.most - 1) where !used.contains(other.epoch) {
            views.removeAll { $0.epoch == other.epoch }
        }
        views.append(view)
        var size = views.reduce(0) { $0 + $1.made }
        while views.count > Self.longest || size > Self.largest,
            let index = views.firstIndex(where: { !used.contains($0.epoch) && $0.epoch != view.epoch })
        {
            size -= views.remove(at: index).made
        }
        return view
    }

    /// Whoever made it longer had to stop: the next goes on from there.
    mutating func interrupt(_ view: View) {
        if let index = views.lastIndex(where: { $0.epoch == view.epoch }) { views[index].made = view.file.size }
    }

    /// A view that consists of these pieces now: more of them, or the same bytes from other rows.
    mutating func grow(_ view: View, to pieces: [Piece]) -> View {
        var grown = view
        grown.pieces = pieces
        grown.size = pieces.last?.end ?? 0
        grown.made = view.file.size
        grown.isPartial = false
        views.removeAll { $0.epoch == view.epoch }
        views.append(grown)
        return grown
    }

    /// st_ino of a file that grows: another file at the same place has another one, or `tail -F` would not notice.
    func inode(_ place: DerivedPlace, epoch: UInt64) -> UInt64 {
        let own = Place.derived(place).inode
        guard let first = firstEpochs[place], first != epoch else { return own }
        return max(2, ContentHash.combine(own, epoch))
    }
}
