import Glibc

/// How programs save, make and remove files.
extension Worker {
    /// A shell's `>`, Python's `open(…, "w")`, nano.
    func save(_ key: MessageKey, _ old: Mark, _ home: Home) throws {
        let path = path(key, home)
        if Bool.random(using: &random) { try expect(old, of: key, at: path) }
        let new = newMark()
        if isLiar, Int.random(in: 0..<10, using: &random) == 0 {
            hasLied = true
            return try change(key, to: .says(new)) {}
        }
        try write(key, new, to: path, O_WRONLY | O_TRUNC)
        if Int.random(in: 0..<4, using: &random) == 0 { try expect(new, of: key, at: path) }
    }

    /// `jq . f > t && mv t f`, rsync, sed -i.
    func replace(_ key: MessageKey, _ old: Mark, _ home: Home) throws {
        let path = path(key, home)
        let new = newMark()
        let temporary = path + ".tmp"
        let descriptor = try Call.open(temporary, O_WRONLY | O_CREAT | O_EXCL)
        try put(key, new, into: descriptor, temporary)
        try Call.close(descriptor, temporary)
        try change(key, to: .says(new)) { try Call.rename(temporary, to: path) }
    }

    /// vim's default, nvim's too: at no moment is the message away.
    func saveAsVim(_ key: MessageKey, _ old: Mark, _ home: Home) throws {
        let path = path(key, home)
        try change(key, to: .says(old)) { try Call.rename(path, to: path + "~") }
        try write(key, newMark(), to: path, O_WRONLY | O_CREAT | O_EXCL)
        // The backup goes, not the message.
        if let mark = ledger.mark(of: key) { try change(key, to: .says(mark)) { try Call.unlink(path + "~") } }
    }

    func createMessage(in session: String, _ home: Home) throws {
        let key = newKey(in: session)
        try write(key, newMark(), to: path(key, home), O_WRONLY | O_CREAT | O_EXCL)
    }

    func remove(_ key: MessageKey, _ mark: Mark, _ home: Home) throws {
        let path = path(key, home)
        try change(key, to: .removed(mark)) { try Call.unlink(path) }
    }

    /// install, git apply, tar x: away first, then anew.
    func install(_ key: MessageKey, _ mark: Mark, _ home: Home) throws {
        try remove(key, mark, home)
        try write(key, newMark(), to: path(key, home), O_WRONLY | O_CREAT | O_EXCL)
    }

    func newKey(in session: String) -> MessageKey {
        MessageKey(session: session, id: "msg_\(prefix)n\(newMark().number)")
    }

    /// Writes a file whole, and closes it; half of the programs sync it before.
    func write(_ key: MessageKey, _ mark: Mark, to path: String, _ flags: CInt) throws {
        let descriptor = try Call.open(path, flags)
        var isOpen = true
        defer { if isOpen { close(descriptor) } }
        try put(key, mark, into: descriptor, path)
        if Bool.random(using: &random) {
            try change(key, to: .says(mark)) { try Call.sync(descriptor, path) }
            isOpen = false
            try Call.close(descriptor, path)
        } else {
            isOpen = false
            try change(key, to: .says(mark)) { try Call.close(descriptor, path) }
        }
    }

    private func put(_ key: MessageKey, _ mark: Mark, into descriptor: CInt, _ path: String) throws {
        let bytes = text.file(key, mark)
        let cut = Int.random(in: 1...bytes.count, using: &random)
        try Call.write(descriptor, bytes[..<cut], path)
        try Call.write(descriptor, bytes[cut...], path)
    }

    /// What was acknowledged is what the mount shows.
    private func expect(_ mark: Mark, of key: MessageKey, at path: String) throws {
        let bytes = try Call.contents(path)
        guard text.says(bytes, key, mark) else {
            throw ShownOtherwise(
                path: path, expected: mark, beginning: String(decoding: bytes.prefix(300), as: UTF8.self))
        }
    }
}

/// A file that says something else than was acknowledged.
struct ShownOtherwise: Error, CustomStringConvertible {
    let path: String
    let expected: Mark
    let beginning: String

    var description: String { "\(path) is shown, but not \(expected): \(beginning)" }
}
