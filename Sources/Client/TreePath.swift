package import VFS

/// A path below the root of a tree, as a program names it: the root is `/`, `.` and nothing at all.
package struct TreePath: Hashable, Sendable {
    /// What stands between two slashes.
    package enum Step: Hashable, Sendable {
        case name(FileName)
        /// `..`; the root is above itself.
        case parent
        /// Longer than a name may be.
        case tooLong
    }

    package private(set) var steps: [Step]
    /// Whether it ends in a slash, or in what only a directory has: then it leads to a directory or nowhere.
    package private(set) var needsDirectory: Bool

    package static let root = TreePath("")

    package init(_ text: String) {
        self.init(bytes: Array(text.utf8))
    }

    package init(bytes: [UInt8]) {
        steps = []
        needsDirectory = true
        for piece in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            needsDirectory = true
            if piece.isEmpty || piece.elementsEqual([UInt8(ascii: ".")]) { continue }
            if piece.elementsEqual(Array("..".utf8)) {
                steps.append(.parent)
            } else {
                steps.append(FileName(bytes: Array(piece)).map { .name($0) } ?? .tooLong)
                needsDirectory = false
            }
        }
    }

    /// The directory that its last name stands in, and that name; nil where it ends in none.
    package var split: (directory: TreePath, name: FileName)? {
        guard case .name(let name) = steps.last else { return nil }
        var directory = self
        directory.steps.removeLast()
        directory.needsDirectory = true
        return (directory, name)
    }

    /// The path that its last name, a link, leads to.
    ///
    /// - Throws: `.noEntry` where that is out of the tree.
    func following(_ target: [UInt8]) throws(Errno) -> TreePath {
        guard let (directory, _) = split, target.first != UInt8(ascii: "/") else { throw .noEntry }
        let next = TreePath(bytes: target)
        var path = directory
        path.steps += next.steps
        path.needsDirectory = next.needsDirectory
        return path
    }

    package func appending(_ name: FileName) -> TreePath {
        var path = self
        path.steps.append(.name(name))
        path.needsDirectory = false
        return path
    }
}
