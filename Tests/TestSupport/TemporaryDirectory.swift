import Foundation

/// A directory of one test's own, gone when the test is.
package struct TemporaryDirectory: ~Copyable {
    package let path: String

    /// Makes it below /var/tmp: vim keeps its hands off backups in /tmp, and a test of editors would prove nothing there.
    package init() throws {
        var template = Array("/var/tmp/opencodefs-test.XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw CocoaError(.fileWriteUnknown) }
        path = String(cString: made)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of something in it.
    package func file(_ name: String) -> String {
        path + "/" + name
    }

    /// Makes a directory in it.
    package func directory(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
        return file(name)
    }
}
