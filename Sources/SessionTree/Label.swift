private import Glibc
package import SessionModel

/// The part of a name that is for people (rules N3 and N6).
package enum Label {
    /// Bytes a slug may have.
    package static let slugLimit = 60

    /// Letters and digits of any script, every other run one `-`, cut at a character.
    package static func slug(_ title: [UInt8], limit: Int = slugLimit) -> [UInt8] {
        // Roles, and one-word titles: nothing to work out.
        if title.count <= limit, title.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }) {
            return title
        }
        var slug: [UInt8] = []
        var isSeparated = false
        for character in String(decoding: title, as: UTF8.self) {
            let kept = character.unicodeScalars.filter(\.isWordPart)
            guard let first = kept.first, first.isWordStart else {
                isSeparated = !slug.isEmpty
                continue
            }
            var piece: [UInt8] = isSeparated ? [UInt8(ascii: "-")] : []
            for scalar in kept { piece += String(scalar).utf8 }
            guard slug.count + piece.count <= limit else { break }
            slug += piece
            isSeparated = false
        }
        return slug
    }

    /// Date of creation, `.`, slug of the title.
    package static func session(_ session: Session, zone: TimeZoneRule) -> [UInt8] {
        let date = zone.day(session.created) ?? []
        let slug = slug(session.title ?? [])
        return date + (date.isEmpty || slug.isEmpty ? [] : [UInt8(ascii: ".")]) + slug
    }

    /// Ordinal in six digits, `.`, role.
    package static func message(ordinal: Int64, role: [UInt8]?) -> [UInt8] {
        let digits = Array("\(ordinal.magnitude)".utf8)
        var label: [UInt8] = ordinal < 0 ? [UInt8(ascii: "-")] : []
        label += [UInt8](repeating: UInt8(ascii: "0"), count: max(0, 6 - digits.count)) + digits
        let role = slug(role ?? [], limit: 24)
        return role.isEmpty ? label : label + [UInt8(ascii: ".")] + role
    }

    /// The last component of a project's worktree; nothing for the project `global`, whose worktree is `/`.
    package static func project(_ project: Project) -> [UInt8] {
        guard let worktree = project.worktree else { return [] }
        let last = worktree.split(whereSeparator: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }).last ?? []
        return Array(EscapedID.cut(EscapedID.escape(last), to: slugLimit))
    }
}

/// Which day a moment is, where the mount runs.
package struct TimeZoneRule: Sendable {
    package init() {
        tzset()
    }

    /// `2026-11-18` for milliseconds since 1970; nil for what no calendar of ours reaches.
    package func day(_ milliseconds: Int64) -> [UInt8]? {
        // JavaScript's own limit of a date (ECMA-262, time values).
        guard milliseconds.magnitude <= 8_640_000_000_000_000 else { return nil }
        var seconds = time_t((milliseconds - (milliseconds < 0 ? 999 : 0)) / 1000)
        var parts = unsafe tm()
        guard unsafe localtime_r(&seconds, &parts) != nil else { return nil }
        func padded(_ number: Int, _ count: Int) -> String {
            let digits = "\(number)"
            return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
        }
        let (year, month, day) = unsafe (Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday))
        return Array("\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))".utf8)
    }
}

extension Unicode.Scalar {
    fileprivate var isWordStart: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            // What stands for bytes that are no UTF-8 is a symbol, and never here.
            true
        default: false
        }
    }

    fileprivate var isWordPart: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark: true
        default: isWordStart
        }
    }
}
