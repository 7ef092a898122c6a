internal import SessionModel
internal import Timing
internal import VFS

/// `attachments/` of a session: the files inside of its messages, decoded (rule R9).
struct AttachmentsView: DerivedTree {
    let session: Session.ID

    func entry(at path: [FileName], in history: any HistoryReading) throws(ViewError) -> DerivedEntry? {
        guard let owner = history.catalog.sessions[session], path.count < 2 else { return nil }
        guard let name = path.first else {
            return .directory(modified: Timestamp(milliseconds: owner.updated))
        }
        guard let attachment = try history.attachments(of: session).first(where: { $0.name == name }) else {
            return nil
        }
        return .file(
            DerivedFile(
                .ranges(
                    DerivedFile.Ranges(size: attachment.size, digest: attachment.digest) {
                        [session] (range, history) throws(ViewError) in
                        guard let message = try history.message(attachment.message, of: session),
                            attachment.stands(in: message)
                        else { throw .changed }
                        return try attachment.bytes(range) { (range) throws(ViewError) in
                            try history.text(attachment.text, of: message, range: range)
                        }
                    }), changed: attachment.changed))
    }

    func list(
        _ path: [FileName], in history: any HistoryReading
    ) throws(ViewError) -> [(name: FileName, kind: Attributes.Kind)] {
        guard path.isEmpty else { return [] }
        return try history.attachments(of: session).map { ($0.name, .regular) }.sorted { $0.name < $1.name }
    }
}
