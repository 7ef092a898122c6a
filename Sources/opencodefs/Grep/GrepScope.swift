private import Glibc

/// Which files are looked at by their names: --include, --exclude and --exclude-dir, as GNU grep takes them.
///
/// The last pattern that fits a name decides; where none does, the first was for the others.
struct GrepScope {
    private struct Rule {
        let pattern: String
        let isInclusion: Bool
    }

    private var files: [Rule] = []
    private var directories: [Rule] = []

    mutating func include(_ pattern: String) { files.append(Rule(pattern: pattern, isInclusion: true)) }

    mutating func exclude(_ pattern: String) { files.append(Rule(pattern: pattern, isInclusion: false)) }

    /// Excludes what the lines of a file say; space at their ends is not theirs.
    mutating func excludeLines(of text: [UInt8]) {
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let end = line.lastIndex { $0 != 0x20 && !(0x09...0x0d).contains($0) }
            if let end { exclude(String(decoding: line[...end], as: UTF8.self)) }
        }
    }

    mutating func excludeDirectory(_ pattern: String) {
        var pattern = pattern[...]
        while pattern.utf8.count > 1, pattern.hasSuffix("/") { pattern.removeLast() }
        directories.append(Rule(pattern: String(pattern), isInclusion: false))
    }

    /// Whether a file or directory is left out.
    ///
    /// - Parameter isTyped: whether the name is a path that somebody has typed: then it may fit from any of its slashes on.
    func leavesOut(_ name: String, isDirectory: Bool, isTyped: Bool) -> Bool {
        let rules = isDirectory ? directories : files
        guard let first = rules.first else { return false }
        guard let last = rules.last(where: { Self.fits(name, $0.pattern, isTyped) }) else { return first.isInclusion }
        return !last.isInclusion
    }

    private static func fits(_ name: String, _ pattern: String, _ isTyped: Bool) -> Bool {
        if unsafe fnmatch(pattern, name, 0) == 0 { return true }
        guard isTyped else { return false }
        let bytes = Array(name.utf8)
        return bytes.indices.contains { index in
            guard bytes[index] == UInt8(ascii: "/"), index + 1 < bytes.count, bytes[index + 1] != UInt8(ascii: "/")
            else {
                return false
            }
            return unsafe fnmatch(pattern, String(decoding: bytes[(index + 1)...], as: UTF8.self), 0) == 0
        }
    }
}
