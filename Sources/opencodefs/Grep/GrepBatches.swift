/// Lets grep look at files of the tree, some of them at a time, in a directory of its own.
///
/// The files lie under the paths that they are to be called by, and grep is given their names in the order in which they came,
/// with all that it was asked: names, colours, contexts, what is binary and what is an error are its own.
final class GrepBatches {
    /// How it went so far, as grep's own status of all files would say it.
    private(set) var status: Int32 = 1
    /// Whether grep said that there is nothing more to look for.
    private(set) var isDone = false

    /// The signal that ended grep: somebody wants no more.
    private(set) var signal: Int32?

    private let request: GrepRequest
    /// Whether lines are to have the names of files before them, where nobody says.
    var namesFiles = true
    private let directory: PrivateDirectory
    /// What grep complains of once, of the patterns.
    private var warnings: Set<ArraySlice<UInt8>> = []
    private var names: [String] = []
    private var bytes = 0
    private var wordBytes = 0
    /// How much grep prints of the file `first` in ``directory``, once there is one.
    private var firstSize: Int?
    /// Directories that were made.
    private var made: Set<[UInt8]> = []

    /// As many files, and bytes, are given to one grep. The kernel takes at least 128 KiB of words (execve(2)).
    private static let (maximumFiles, maximumBytes, maximumWords) = (4_000, 16 << 20, 100 << 10)
    /// A longer path cannot be opened (PATH_MAX).
    private static let maximumPath = 4_000

    /// - Throws: where there is no grep, or it does not take what it is to be told; that it has said then.
    init(_ request: GrepRequest) throws(CommandFailure) {
        self.request = request
        directory = try PrivateDirectory()
        try directory.makeDirectory(String(Self.folder.dropLast()), &made)
        // What is wrong with the words is said once, and before anybody waits for the database.
        let (ending, errors) = try directory.run(
            ["grep", "-q"] + request.words + ["--", "/dev/null"], folder: "", output: .nowhere)
        Console.note(bytes: errors)
        warnings = Set(Self.lines(errors))
        if case .exited(let status) = ending, status < 2 { return }
        isDone = true
        status = 2
    }

    /// Whether no more files fit: they are to be looked at before the next comes.
    var isFull: Bool {
        names.count >= Self.maximumFiles || bytes >= Self.maximumBytes || wordBytes >= Self.maximumWords
    }

    /// What was copied goes.
    func end() { directory.close() }

    /// Something could not be read.
    func fail() { status = 2 }

    /// Whether a file can be called so here.
    func mayHold(_ path: String) -> Bool { path.utf8.count <= Self.maximumPath }

    /// A file to be filled, under the path that grep is to call it by.
    func makeFile(_ path: String) throws(CommandFailure) -> PrivateDirectory.File {
        try directory.makeFile(Self.folder + path, &made)
    }

    /// The file has been filled: grep is to look at it, behind those that came before.
    func add(_ path: String, count: Int) {
        names.append(path)
        bytes += count
        wordBytes += path.utf8.count + 9
    }

    /// Where files lie, out of the way of others of ours.
    private static let folder = "tree/"

    /// Lets grep look at what has come.
    ///
    /// - Parameter isLast: whether nothing comes after it.
    func look(isLast: Bool) throws(CommandFailure) {
        guard !names.isEmpty else { return }
        if let firstSize {
            // A grep that has printed something sets off what follows; of what it prints first we know how much it is.
            note(try run(["../first"] + names, output: .file))
            try directory.printOutput(from: firstSize)
        } else {
            let (ending, errors) = try run(names, output: .ours)
            if request.hasSeparators, !isLast, case .exited(0) = ending { try keepFirst() }
            note((ending, errors))
        }
        for name in names { directory.remove(Self.folder + name) }
        names = []
        (bytes, wordBytes) = (0, 0)
    }

    /// Keeps a file of which grep has printed something.
    private func keepFirst() throws(CommandFailure) {
        let (listing, _) = try directory.run(
            ["grep", "-l", "-I"] + request.words + ["--"] + names, folder: Self.folder, output: .file)
        guard case .exited(0) = listing, let name = directory.firstLine else { return }
        try directory.move(Self.folder + name, to: "first")
        _ = try run(["../first"], output: .file)
        firstSize = directory.outputSize
    }

    private func note(_ result: (PrivateDirectory.Ending, errors: [UInt8])) {
        // What is wrong with the words it has said before.
        let lines = Self.lines(result.errors).filter { !warnings.contains($0) }
        Console.note(bytes: Array(lines.joined()))
        switch result.0 {
        case .exited(0):
            if status == 1 || request.isQuiet { status = 0 }
            if request.isQuiet { isDone = true }
        case .exited(1): break
        case .exited: status = 2
        case .killed(let signal):
            (self.signal, isDone, status) = (signal, true, 2)
        }
    }

    private func run(
        _ names: [String], output: PrivateDirectory.Output
    ) throws(CommandFailure) -> (PrivateDirectory.Ending, errors: [UInt8]) {
        try directory.run(
            ["grep", namesFiles ? "-H" : "-h"] + request.words + ["--"] + names, folder: Self.folder, output: output)
    }

    /// With what ends each.
    private static func lines(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        for (index, byte) in text.enumerated() where byte == UInt8(ascii: "\n") {
            lines.append(text[start...index])
            start = index + 1
        }
        if start < text.count { lines.append(text[start...]) }
        return lines
    }
}
