/// Figures of a trial.
struct Report: Encodable {
    let family: String
    let disk: String
    var rounds = 0
    var seconds = 0.0
    /// Calls that changed something and were answered.
    var acknowledged = 0
    /// Deaths while such a call was under way.
    var interrupted = 0
    /// Of the changes that were under way: how many are not in the database, and how many are.
    var undone = 0
    var done = 0
    /// Messages that were found in the trash alone.
    var inTrash = 0
    /// Rows that `opencodefs restore` brought back as they had been.
    var restored = 0
    var faults: [String] = []

    init(family: String, disk: String) {
        self.family = family
        self.disk = disk
    }

    var line: String {
        let pace = seconds / Double(max(1, rounds))
        return
            "\(family) \(disk): \(rounds) rounds (\(Int(pace * 1000)) ms each), \(interrupted) in the middle of a change "
            + "(\(undone) undone, \(done) done), \(acknowledged) acknowledged, \(inTrash) in the trash, "
            + "\(restored) rows restored, \(faults.count) faults"
    }
}
