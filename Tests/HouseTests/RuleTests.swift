import Foundation
import Testing

/// Rules of the house that a compiler does not know, each with its reason.
@Suite struct RuleTests {
    /// Where Swift meets C. Everywhere else memory is Swift's to keep safe, and a fault there cannot be ours.
    static let unsafeAllowed: Set<String> = [
        "Sources/Fuse", "Sources/SQLiteDriver", "Sources/MySQLDriver", "Sources/Digest",
        "Sources/Timing/Timestamp.swift",
        "Sources/SessionModel/Identifier.swift", "Sources/SessionTree/TimeZoneRule.swift",
        "Sources/SessionTree/Files/ContentHash.swift",
        "Sources/opencodefs/System.swift", "Sources/opencodefs/System+Files.swift", "Sources/opencodefs/Console.swift",
        "Sources/opencodefs/System+Secrets.swift", "Sources/opencodefs/Daemon.swift",
        "Sources/opencodefs/Program.swift", "Sources/opencodefs/OptionParser.swift",
        "Sources/opencodefs/MountOptions.swift", "Sources/opencodefs/ViewSpool.swift",
        "Sources/opencodefs/PrivateDirectory.swift", "Sources/opencodefs/ChildProgram.swift",
        "Sources/opencodefs/Grep/GrepScope.swift",
    ]

    @Test func `unsafe code stays where Swift meets C`() throws {
        for file in try Repository.swiftFiles(in: "Sources") {
            let isAllowed = Self.unsafeAllowed.contains { file == $0 || file.hasPrefix($0 + "/") }
            guard !isAllowed else { continue }
            for line in try code(of: file) {
                for word in ["unsafe", "OpaquePointer", "Unmanaged", "UnsafePointer"] {
                    #expect(!line.split(whereSeparator: { !$0.isLetter }).contains { $0 == word }, "\(file): \(line)")
                }
            }
        }
    }

    @Test func `data never meets a trap`() throws {
        // A trap in an operation takes the mount from every program on it.
        for file in try Repository.swiftFiles(in: "Sources") {
            for line in try code(of: file) {
                #expect(!line.contains("try!"), "\(file): \(line)")
                #expect(!line.contains("fatalError("), "\(file): \(line)")
                #expect(!line.contains("as!"), "\(file): \(line)")
            }
        }
    }

    @Test func `no statement replaces rows or is made of strings`() throws {
        // REPLACE deletes the old row first, and with it all parts of a message.
        for file in try Repository.swiftFiles(in: "Sources") {
            for line in try code(of: file) where !file.hasPrefix("Sources/DemoHistory") {
                #expect(!line.uppercased().contains("INSERT OR REPLACE"), "\(file): \(line)")
                #expect(!line.uppercased().contains("REPLACE INTO"), "\(file): \(line)")
                #expect(!line.contains("SQLQuery(stringLiteral: \"\\("), "\(file): \(line)")
            }
        }
    }

    @Test func `a file holds one idea`() throws {
        for file in try Repository.swiftFiles(in: "Sources") {
            #expect(try Repository.lines(of: file).count <= 400, "\(file) has grown: look for the second idea")
        }
    }

    @Test func `what others use is explained`() throws {
        // A type or function of a module's interface without a sentence on it is a riddle to its caller.
        for file in try Repository.swiftFiles(in: "Sources") where !file.hasPrefix("Sources/DemoHistory") {
            let lines = try Repository.lines(of: file)
            for (index, line) in lines.enumerated() {
                let trimmed = line.trimmingCharacters(in: .whitespaces)
                let opens = ["package struct ", "package enum ", "package final class ", "package protocol "]
                guard opens.contains(where: trimmed.hasPrefix), index > 0 else { continue }
                var above = index - 1
                while above > 0, lines[above].trimmingCharacters(in: .whitespaces).hasPrefix("@") { above -= 1 }
                let comment = lines[above].trimmingCharacters(in: .whitespaces)
                let isNested = line.hasPrefix(" ")
                #expect(isNested || comment.hasPrefix("///"), "\(file):\(index + 1): \(trimmed)")
            }
        }
    }

    @Test func `links in the documents lead somewhere`() throws {
        let documents =
            try Repository.files(in: "docs", endingIn: ".md") + [
                "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md",
            ]
        var count = 0
        for document in documents {
            let folder = (document as NSString).deletingLastPathComponent
            for match in try Repository.text(of: document).matches(of: /\]\(([^)#]+)(#[^)]*)?\)/) {
                let target = String(match.1)
                guard !target.contains("://") else { continue }
                let path = Repository.root + "/" + (folder.isEmpty ? "" : folder + "/") + target
                #expect(FileManager.default.fileExists(atPath: path), "\(document) links to \(target)")
                count += 1
            }
        }
        #expect(count > 10)
    }

    @Test func `every rule of the tree that is built has a test that names it`() throws {
        let built = [
            "N1", "N2", "N3", "N4", "N5", "N6", "N7", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10",
            "R11", "R12",
            "D1", "D2", "D3", "W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9", "W10", "W11", "W12", "M1", "M2",
            "M3",
            "M4", "M5",
            "D4", "E1", "E2", "E3", "E4", "C1", "C2", "C3",
        ]
        let tests = try Repository.swiftFiles(in: "Tests").map { try Repository.text(of: $0) }.joined()
        for rule in built {
            let isProven = tests.contains("func `\(rule) ")
            #expect(isProven, "no test's name begins with \(rule)")
        }
    }

    private func code(of file: String) throws -> [String] {
        try Repository.lines(of: file).filter { !$0.trimmingCharacters(in: .whitespaces).hasPrefix("//") }
    }
}
