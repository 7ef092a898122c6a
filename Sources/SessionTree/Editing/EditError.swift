internal import SessionModel

/// Why the bytes of a save are refused (rule W2). Never holds text of a conversation.
package struct EditError: Error, Sendable, Equatable {
    /// A sentence for people: what is wrong, and in which member.
    package let reason: String
    package let remedy: String
    /// The byte where the text stops being JSON, if that is what is wrong.
    package let offset: Int?

    package init(_ reason: String, remedy: String = "", offset: Int? = nil) {
        self.reason = reason
        self.remedy = remedy
        self.offset = offset
    }
}

extension EditError {
    /// A text that is no JSON, or too deep to be looked at.
    init(_ fault: JSON.Fault, in bytes: [UInt8]) {
        self.init(fault: fault.offset, in: bytes)
    }

    /// The same, by the byte where it is seen.
    init(fault: Int, in bytes: [UInt8]) {
        guard !bytes.allSatisfy({ $0 == 0x20 || (0x09...0x0d).contains($0) }) else {
            self.init("the file is empty", remedy: "to remove it, use rm", offset: 0)
            return
        }
        let before = bytes.prefix(fault)
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        // Characters as an editor counts them: bytes that continue one do not.
        let column = before[start...].count { $0 & 0xc0 != 0x80 } + 1
        let isDeep = JSONText.fault(in: bytes) == nil
        self.init(
            isDeep
                ? "line \(line) column \(column) is nested deeper than \(JSON.maximumDepth) brackets"
                : "the text stops being JSON at line \(line) column \(column)",
            remedy: isDeep ? "" : "correct it there and save again", offset: fault)
    }

    /// A member that is not what it must be.
    static func member(_ path: String, _ complaint: String, remedy: String = "") -> EditError {
        EditError("\(path.isEmpty ? "the file" : path) \(complaint)", remedy: remedy)
    }
}

extension JSONTree {
    /// Reads a file as it was saved.
    init(saved bytes: [UInt8]) throws(EditError) {
        do throws(JSON.Fault) {
            try self.init(parsing: bytes)
        } catch {
            throw EditError(error, in: bytes)
        }
    }

    /// A text of the database; nil where it is no JSON.
    init?(stored bytes: [UInt8]) {
        do throws(JSON.Fault) {
            try self.init(parsing: bytes)
        } catch {
            return nil
        }
    }

    /// A key as an error may name it: what our schema could not have is not repeated, it may be anything.
    func nameForPeople(of member: Value) -> String {
        let key = key(of: member)
        let isName = (1...40).contains(key.count) && key.allSatisfy(\.isPartOfName)
        return isName ? String(decoding: key, as: UTF8.self) : "a member with an unusual name"
    }
}

extension UInt8 {
    /// What the names of columns and members are made of.
    var isPartOfName: Bool {
        isBase62 || self == UInt8(ascii: "_") || self == UInt8(ascii: "-")
    }

    var isBase62: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
