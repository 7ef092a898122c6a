package import SessionModel

/// Whether OpenCode is at work on a message: what it writes next would overwrite a save (rule W3).
extension MessageEdit {
    /// Why OpenCode is taken to be writing the message right now; nil when it is not.
    ///
    /// - Parameters:
    ///   - session: the row of its session.
    ///   - now: milliseconds since 1970.
    package static func reasonInFlight(
        _ message: Message, texts: [[UInt8]], session: SessionRecord?, now: Int64
    ) -> String? {
        // What has not changed for so long was left behind by an OpenCode that is gone.
        guard let newest = message.texts.map(\.updated).max() else { return nil }
        let (age, overflow) = now.subtractingReportingOverflow(newest)
        guard !overflow, age.magnitude <= 600_000 else { return nil }
        switch message.shape {
        case .parted(_, let parts): return reasonParted(parts, texts: texts)
        case .typed(let type, _):
            if session?.row["time_suspended"] != nil { return "OpenCode is working on its session" }
            guard type.elementsEqual("assistant".utf8) else { return nil }
            return texts.first.flatMap { JSONTree(stored: $0) }.flatMap { reasonUnfinished($0) }
        case .row(let before, _, let after):
            let role = (before + after).first { $0.name == "role" }?.value
            guard role == .text(Array("assistant".utf8)), let tree = texts.first.flatMap({ JSONTree(stored: $0) })
            else {
                return nil
            }
            let isFinished = tree.children(of: tree.root).contains { has("finish", "type", of: $0, in: tree) }
            return isFinished ? nil : unfinished
        }
    }

    private static let unfinished = "the assistant has not finished it"

    private static func reasonParted(_ parts: [Message.Part], texts: [[UInt8]]) -> String? {
        if let info = texts.first.flatMap({ JSONTree(stored: $0) }), has("assistant", "role", of: info.root, in: info),
            let reason = reasonUnfinished(info)
        {
            return reason
        }
        for text in texts.dropFirst() where JSONText.member("type", inBeginning: text) == Array("tool".utf8) {
            guard let part = JSONTree(stored: text), let state = part.member("state", of: part.root) else { continue }
            for status in ["pending", "running"] where has(status, "status", of: state, in: part) {
                return "one of its tools is \(status)"
            }
        }
        return nil
    }

    private static func reasonUnfinished(_ tree: JSONTree) -> String? {
        let completed = tree.member("time", of: tree.root).flatMap { tree.member("completed", of: $0) }
        return completed.flatMap { tree.double($0) } == nil ? unfinished : nil
    }

    private static func has(_ word: String, _ key: String, of object: JSONTree.Value, in tree: JSONTree) -> Bool {
        tree.member(key, of: object).flatMap { tree.string($0) }?.elementsEqual(word.utf8) == true
    }
}
