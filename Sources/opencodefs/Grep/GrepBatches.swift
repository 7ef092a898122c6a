/// Lets grep look at files of the tree, some of them at a time, while the next are made.
///
/// The files lie in directories of ours under names of chance (``GrepNames``), and grep is given them in the order in which they
/// came, with all that it was asked: colours, contexts, what is binary and what is an error are its own. Of one thread.
final class GrepBatches {
    /// How it went so far, as grep's own status of all files would say it.
    private(set) var status: Int32 = 1
    /// Whether nothing more is to be looked for.
    private(set) var isDone = false
    /// The signal that ended it: somebody wants no more.
    private(set) var signal: Int32?
    /// Whether lines are to have the names of files before them, where nobody says.
    var namesFiles = true
    /// Called before anything is printed.
    var willPrint: () -> Void = {}

    private let request: GrepRequest
    private let directory: PrivateDirectory
    private let token = GrepNames.makeToken()
    private let words: [String]
    /// What grep complains of once, of the patterns.
    private var warnings: Set<ArraySlice<UInt8>> = []

    /// Files that lie in a directory, one batch after the other.
    private struct Batch {
        let folder: String
        /// What they are called in the tree.
        var paths: [String] = []
        var bytes = 0
        /// How many are there from earlier batches too, and which of those are empty.
        var emptyFiles: [Bool] = []
    }

    /// What is being filled, and what grep looks at or has looked at last.
    private var batch = Batch(folder: "one")
    private var former = Batch(folder: "two")
    private var running: Run?
    /// The first batches are small: who wants to see something sees it soon.
    private var maximumBytes = 1 << 20
    /// How much grep prints of the file ``first``, once there is one.
    private var firstSize: Int?
    /// Whether the last grep has found something.
    private var hasFound = false

    /// A grep under way.
    private struct Run {
        let program: ChildProgram
        var names: GrepNames
        /// Bytes of its output that have been printed before.
        var skipped: Int
    }

    private static let maximumFiles = 3_000
    private static let complaints = "errors"

    /// A file that something was found in.
    private var first: String { "../" + GrepNames.name(GrepNames.capacity - 1, token) }

    /// - Throws: where there is no grep.
    init(_ request: GrepRequest) throws(CommandFailure) {
        self.request = request
        directory = try PrivateDirectory()
        for batch in [batch, former] { try directory.makeDirectory(batch.folder) }
        var words = request.words
        for (number, patterns) in request.patternFiles.enumerated() {
            let name = "patterns\(number)"
            var file = try directory.makeFile(name)
            try file.append(patterns)
            words += ["-f", "../" + name]
        }
        self.words = words
        // What is wrong with the words is said once, and before anybody waits for the database.
        let ending = try capture(["grep", "-q"] + words + ["--", "/dev/null"], in: batch).ending
        let errors = System.contents(directory.place(of: Self.complaints)) ?? []
        Console.note(bytes: errors)
        warnings = Set(Self.lines(errors))
        if case .exited(let status) = ending, status < 2 { return }
        isDone = true
        status = 2
    }

    /// What was copied goes.
    func end() {
        if let running {
            running.program.stop()
            _ = running.program.end()
        }
        running = nil
        directory.close()
    }

    /// Something could not be read.
    func fail() { status = 2 }

    // MARK: Files

    /// Adds a file, behind those that came before.
    ///
    /// - Parameters:
    ///   - path: what it is called.
    ///   - fill: writes what it holds; false where that cannot be had: then there is no such file.
    func add(
        _ path: String, _ fill: (inout PrivateDirectory.File) throws(CommandFailure) -> Bool
    ) throws(CommandFailure) {
        let index = batch.paths.count
        var file = try directory.makeFile(name(index, in: batch))
        note(index, isEmpty: false)
        guard try fill(&file) else { return }
        batch.bytes += file.count
        try added(path)
    }

    /// Adds a file that has nothing in it.
    func addEmpty(_ path: String) throws(CommandFailure) {
        let index = batch.paths.count
        if index >= batch.emptyFiles.count || !batch.emptyFiles[index] {
            _ = try directory.makeFile(name(index, in: batch))
            note(index, isEmpty: true)
        }
        try added(path)
    }

    private func note(_ index: Int, isEmpty: Bool) {
        if index < batch.emptyFiles.count {
            batch.emptyFiles[index] = isEmpty
        } else {
            batch.emptyFiles.append(isEmpty)
        }
    }

    private func added(_ path: String) throws(CommandFailure) {
        batch.paths.append(path)
        try pump(patience: 0)
        if batch.paths.count >= Self.maximumFiles || batch.bytes >= maximumBytes { try look() }
    }

    private func name(_ index: Int, in batch: Batch) -> String {
        batch.folder + "/" + GrepNames.name(index, token)
    }

    // MARK: Looking

    /// Nothing comes any more: all that has come is looked at.
    func finish() throws(CommandFailure) {
        if !isDone, !batch.paths.isEmpty { try look() }
        try join()
    }

    /// Lets grep look at what has come, once it has done with what came before.
    private func look() throws(CommandFailure) {
        let hasMatched = try join()
        guard !isDone else { return }
        if request.hasSeparators, hasMatched, firstSize == nil { try keepFirst() }
        let names = batch.paths.indices.map { GrepNames.name($0, token) }
        // A grep that has printed something sets off what follows; of what it prints first we know how much it is.
        let all = (firstSize == nil ? [] : [first]) + names
        running = Run(
            program: try start(command(all), in: batch), names: GrepNames(token, batch.paths), skipped: firstSize ?? 0)
        swap(&batch, &former)
        batch.paths = []
        batch.bytes = 0
        maximumBytes = min(maximumBytes * 4, 16 << 20)
    }

    private func command(_ names: [String]) -> [String] {
        ["grep", namesFiles ? "-H" : "-h"] + words + ["--"] + names
    }

    /// Waits for the grep that is under way, if there is one.
    ///
    /// - Returns: whether it has found something.
    @discardableResult
    private func join() throws(CommandFailure) -> Bool {
        // Now and then somebody wants no more, while grep prints nothing.
        while running != nil, !isDone { try pump(patience: 100) }
        guard let running else { return hasFound }
        running.program.stop()
        self.running = nil
        _ = running.program.end()
        return hasFound
    }

    /// Prints what grep has printed, and takes note of how it ends.
    ///
    /// - Parameter patience: milliseconds to wait for it.
    private func pump(patience: Int32) throws(CommandFailure) {
        guard var run = running else { return }
        if Signals.isPending { return isDone = true }
        guard let printed = run.program.printed(patience: patience) else {
            show(run.names.end())
            running = nil
            return note(run.program.end(), run.names)
        }
        let shown = printed.dropFirst(run.skipped)
        run.skipped -= printed.count - shown.count
        let text = run.names.translated(Array(shown))
        running = run
        show(text)
    }

    private func show(_ bytes: [UInt8]) {
        guard !bytes.isEmpty, !isDone else { return }
        willPrint()
        if Console.print(bytes: bytes) { return }
        // A full disk is told of when the command ends.
        (isDone, status) = (true, 2)
        if Console.lostOutput == nil { signal = Signals.brokenPipe }
    }

    private func note(_ ending: ChildProgram.Ending, _ names: GrepNames) {
        var names = names
        // What is wrong with the words it has said before.
        let errors = System.contents(directory.place(of: Self.complaints)) ?? []
        let lines = Self.lines(errors).filter { !warnings.contains($0) && !isOfFirst($0) }
        if !lines.isEmpty {
            willPrint()
            Console.note(bytes: names.translated(Array(lines.joined())) + names.end())
        }
        hasFound = false
        switch ending {
        case .exited(0):
            hasFound = true
            if status == 1 || request.isQuiet { status = 0 }
            if request.isQuiet { isDone = true }
        case .exited(1): break
        case .exited: status = 2
        case .killed(let signal): (self.signal, isDone, status) = (signal, true, 2)
        }
    }

    private func isOfFirst(_ complaint: ArraySlice<UInt8>) -> Bool {
        firstSize != nil && String(decoding: complaint, as: UTF8.self).contains(first)
    }

    /// Keeps a file of the batch that grep has looked at last, in which it has found something.
    private func keepFirst() throws(CommandFailure) {
        let names = former.paths.indices.map { GrepNames.name($0, token) }
        let listing = try capture(["grep", "-l"] + words + ["--"] + names, in: former).output
        let line = String(decoding: listing.prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }, as: UTF8.self)
        guard let index = names.firstIndex(where: line.contains) else { return }
        try directory.move(name(index, in: former), to: String(first.dropFirst(3)))
        former.emptyFiles = Array(former.emptyFiles[..<index])
        firstSize = try capture(command([first]), in: former).output.count
    }

    // MARK: Programs

    private func start(_ words: [String], in batch: Batch) throws(CommandFailure) -> ChildProgram {
        try ChildProgram(
            words, in: directory.place(of: batch.folder), complaints: directory.place(of: Self.complaints))
    }

    /// Runs a program to its end.
    private func capture(
        _ words: [String], in batch: Batch
    ) throws(CommandFailure) -> (ending: ChildProgram.Ending, output: [UInt8]) {
        let program = try start(words, in: batch)
        var output: [UInt8] = []
        while let printed = program.printed(patience: 1_000) { output += printed }
        return (program.end(), output)
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
