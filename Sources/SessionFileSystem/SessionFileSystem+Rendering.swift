internal import SessionModel
internal import SessionStore
internal import SessionTree
internal import Synchronization
internal import Timing
internal import VFS

/// Views that are made piece by piece, and kept on disk as long as somebody may read them.
extension SessionFileSystem {
    /// The view that a version of a file is: made before, or now; nil where it is another by now.
    func renderedView(
        _ place: DerivedPlace, _ version: FileVersion, _ patience: Patience
    ) throws(Failure) -> RenderedViews.View? {
        if let view = state.withLock({ $0.rendered.find(place, version) }) { return view }
        _ = try derivedFacts(of: place, patience)
        return state.withLock { $0.rendered.find(place, version) }
    }

    /// Some bytes of a view, as far as it goes by now.
    func bytes(of view: RenderedViews.View, _ range: Range<Int>) throws(Failure) -> [UInt8] {
        // Also when another file stands in its place: who has it open reads what it was.
        let size = state.withLock { $0.rendered.find(view.place, epoch: view.epoch)?.size } ?? view.size
        do throws(ViewError) {
            return try read(range.clamped(to: 0..<size), of: view)
        } catch {
            throw Failure(error)
        }
    }

    private func read(_ range: Range<Int>, of view: RenderedViews.View) throws(ViewError) -> [UInt8] {
        do throws(SpoolError) { return try view.file.read(range) } catch { throw .history(Failure(error)) }
    }

    /// Lets one thread at a time make the view of a place. Whoever makes it looks at the history only then, so that no view
    /// goes back behind what another has shown.
    func making<Result>(
        _ place: DerivedPlace, _ patience: Patience, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        while !state.withLock({ $0.beingMade.insert(place).inserted }) {
            try wait(patience, for: "the view was not made in time")
        }
        defer { _ = state.withLock { $0.beingMade.remove(place) } }
        return try body()
    }

    /// The view made of some pieces: kept from before, grown, or made now. Only inside of ``making(_:_:_:)``.
    func render(
        _ place: DerivedPlace, _ pieces: [DerivedFile.Piece], _ growing: Bool, _ patience: Patience
    ) throws(ViewError) -> RenderedViews.View {
        let digests = pieces.map(\.digest)
        if let view = state.withLock({ $0.rendered.find(place, digests) }) { return view }
        guard let spool = settings.spool else {
            throw .history(Failure(.noSpace, "there is no place to make views in"))
        }
        if let start = state.withLock({ $0.rendered.latest(place) }), growing || start.isPartial,
            let grown = try grow(start, to: pieces, patience)
        {
            return grown
        }
        let file = try makeFile(in: spool)
        var made: [RenderedViews.Piece] = []
        do throws(ViewError) {
            for piece in pieces {
                try piece.render { (bytes) throws(ViewError) in try append(bytes, to: file, patience) }
                made.append(RenderedViews.Piece(digest: piece.digest, end: file.size))
            }
        } catch {
            // Who waited no longer may ask again, and then need not wait for this part.
            state.withLock { [made] in _ = $0.addRendered(place, made, file, isPartial: true) }
            throw error
        }
        return state.withLock { [made] in $0.addRendered(place, made, file, isPartial: false) }
    }

    /// A view with what has come since at its end; nil where the pieces no longer begin with what it shows. A piece of another
    /// digest is made anew and compared: rows often change without a byte of what is shown.
    private func grow(
        _ view: RenderedViews.View, to pieces: [DerivedFile.Piece], _ patience: Patience
    ) throws(ViewError) -> RenderedViews.View? {
        var made: [RenderedViews.Piece] = []
        var position = 0
        var isOther = false
        do throws(ViewError) {
            for (number, piece) in pieces.enumerated() {
                let start =
                    number == 0 ? 0 : view.pieces.indices.contains(number - 1) ? view.pieces[number - 1].end : -1
                if view.pieces.indices.contains(number), view.pieces[number].digest == piece.digest, start == position {
                    position = view.pieces[number].end
                } else {
                    try piece.render { (bytes) throws(ViewError) in
                        let shown = bytes.prefix(max(0, view.made - position))
                        if !shown.isEmpty, try read(position..<position + shown.count, of: view)[...] != shown {
                            isOther = true
                            throw .notFound
                        }
                        if shown.count < bytes.count {
                            try append(bytes.dropFirst(shown.count), to: view.file, patience)
                        }
                        position += bytes.count
                    }
                }
                made.append(RenderedViews.Piece(digest: piece.digest, end: position))
            }
        } catch {
            if isOther { return nil }
            state.withLock { $0.rendered.interrupt(view) }
            throw error
        }
        guard position >= view.made else { return nil }
        return state.withLock { [made] in $0.rendered.grow(view, to: made) }
    }

    private func makeFile(in spool: any Spool) throws(ViewError) -> any SpoolFile {
        do throws(SpoolError) { return try spool.makeFile() } catch { throw .history(Failure(error)) }
    }

    private func append(
        _ bytes: ArraySlice<UInt8>, to file: any SpoolFile, _ patience: Patience
    ) throws(ViewError) {
        do throws(SpoolError) { try file.append(bytes) } catch { throw .history(Failure(error)) }
        do throws(StoreError) { try patience.check("the view was not made in time") } catch { throw .history(error) }
    }
}

extension SessionFileSystem.State {
    fileprivate mutating func addRendered(
        _ place: DerivedPlace, _ pieces: [RenderedViews.Piece], _ file: any SpoolFile, isPartial: Bool
    ) -> RenderedViews.View {
        rendered.add(place, pieces, file, isPartial: isPartial, keeping: handles.viewsInUse)
    }
}

extension RenderedViews.View {
    /// What stat(2) is told of it.
    ///
    /// - Parameter changed: when what it is made from changed last.
    func facts(_ growing: Bool, _ changed: Timestamp) -> Facts {
        growing
            ? .growing(epoch: epoch, size: size, modified: changed)
            : .file(FileVersion(size: size, changed: changed, digest: digest))
    }
}
