internal import SessionFileSystem
internal import SessionTree

/// An export that is to be read twice: a file, or what comes through a pipe, which is kept on disk for as long as it takes.
struct ImportSource {
    private let file: any SpoolFile

    /// - Parameter path: `-` for standard input.
    init(_ path: String) throws(CommandFailure) {
        do throws(SpoolError) {
            file = try ViewSpool.fileToRead(at: path == "-" ? "/dev/stdin" : path)
        } catch {
            switch error {
            case .full: throw CommandFailure(.failure, "no space left to keep \(path) in; free space, or set TMPDIR")
            case .failed(let reason): throw CommandFailure(.failure, "cannot read \(path): \(reason)")
            }
        }
    }

    var size: Int { file.size }

    func read(_ range: Range<Int>) throws(CommandFailure) -> [UInt8] {
        let bytes: [UInt8]
        do throws(SpoolError) { bytes = try file.read(range) } catch {
            throw CommandFailure(.failure, "cannot read the export: \(error)")
        }
        guard bytes.count == range.count else {
            throw CommandFailure(.failure, "the export has become shorter while it was read; try again")
        }
        return bytes
    }

    /// Finds out where everything stands in it.
    func scan(_ progress: (Int) -> Void) throws(CommandFailure) -> ExportScanner {
        var scanner = ExportScanner()
        var position = 0
        do throws(EditError) {
            while position < size {
                let next = min(position + 1 << 20, size)
                let bytes: [UInt8]
                do throws(CommandFailure) { bytes = try read(position..<next) } catch { throw EditError(error.message) }
                try scanner.add(bytes[...])
                position = next
                progress(position)
            }
            try scanner.finish()
        } catch {
            throw .refused(error)
        }
        return scanner
    }
}

extension CommandFailure {
    /// An export that OpenCode, or nobody, could read.
    static func refused(_ error: EditError) -> CommandFailure {
        let remedy = error.remedy.isEmpty ? "" : "; \(error.remedy)"
        return CommandFailure(.failure, "\(error.reason)\(remedy). Nothing was imported.")
    }
}
