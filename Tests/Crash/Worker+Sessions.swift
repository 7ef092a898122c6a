import DemoHistory
import Glibc

/// How programs move, copy and remove sessions.
extension Worker {
    func move(_ session: String, _ home: Home) throws {
        var homes = HistoryText.projects.map { Home(project: $0, isArchived: false) }
        if !text.family.isGo { homes += HistoryText.projects.map { Home(project: $0, isArchived: true) } }
        guard let target = pick(homes.filter { $0 != home && (!text.family.isGo || isShown($0)) }) else { return }
        if target.isArchived { try makeArchive(of: target.project) }
        let (from, to) = (path(home, session), path(target, session))
        do {
            try change(session, to: .stands(target)) { try Call.rename(from, to: to) }
        } catch let error as CallError where error.code == ENOENT && text.family.isGo {
            // The other worker has just taken away the last session there.
            ledger.settle(session, .stands(home))
        }
    }

    /// A project of the Go family is there while it has sessions.
    private func isShown(_ home: Home) -> Bool {
        Call.exists("\(mountpoint)/\(home.path)")
    }

    private func makeArchive(of project: String) throws {
        do { try Call.makeDirectory("\(mountpoint)/\(project)/archived") } catch let error as CallError {
            guard error.code == EEXIST else { throw error }
        }
    }

    /// `cp -r` of a small session, with or without its session.json.
    func copySession() throws {
        let project =
            text.family.isGo ? HistoryText.projects.first { isShown(Home(project: $0, isArchived: false)) } : nil
        let home = Home(project: project ?? HistoryText.projects[0], isArchived: false)
        let session = "ses_\(prefix)n\(newMark().number)"
        journal.append("copy to \(session)")
        let folder = path(home, session)
        try Call.makeDirectory(folder)
        try Call.makeDirectory(folder + "/messages")
        for number in 0..<Int.random(in: 1...3, using: &random) {
            let key = newKey(in: session)
            // The first message makes the session.
            if number == 0 { ledger.expect(session, .stands(home)) }
            try write(key, newMark(), to: path(key, home), O_WRONLY | O_CREAT | O_EXCL)
            if number == 0 { ledger.settle(session, .stands(home)) }
        }
    }

    /// `rm -r` of a session.
    func empty(_ session: String, _ home: Home) throws {
        let folder = path(home, session)
        for (key, mark) in ledger.known(in: session) { try remove(key, mark, home) }
        try Call.removeDirectory(folder + "/messages")
        for name in try Call.names(in: folder) { try Call.unlink("\(folder)/\(name)") }
        try change(session, to: .removed) { try Call.removeDirectory(folder) }
    }
}
