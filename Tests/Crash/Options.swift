import DemoHistory
import Foundation
import TestSupport

/// What was asked for on the command line.
struct Options {
    static let usage = """
        opencodefs-crash [--rounds N] [--family v1|v2|go]... [--disk plain|ext4|xfs]... [--seed S] [--json]
                         [--program PATH] [--only TASK,...] [--defect NAME] [--limit N] [--evidence DIRECTORY]

        Kills the program (plain) or cuts the power of its disk (ext4, xfs) at random moments while two workers save,
        create, move and remove, and looks whether every acknowledged change is there and every other message is the old
        one or the new one. Ends with 0 when no fault was found, with 1 when one was.

        """

    var rounds = 100
    var families: [TestFamily] = []
    var disks: [Disk] = []
    var seed = UInt64.random(in: 0..<1_000_000)
    var isJSON = false
    var program = URL(fileURLWithPath: Run.opencodefsPath).path
    var tasks = Worker.Task.allCases
    /// `lie` is this harness's own; all others are for a program that was built with them.
    var defect: String?
    /// Faults after which to end.
    var limit = 1
    var evidence: String?

    init(_ words: [String]) throws(OptionError) {
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--json" {
                isJSON = true
                continue
            }
            guard let value = rest.popFirst() else { throw OptionError() }
            switch word {
            case "--rounds": rounds = try Self.number(value)
            case "--seed": seed = try Self.number(value)
            case "--limit": limit = try Self.number(value)
            case "--program": program = value
            case "--evidence": evidence = value
            case "--defect": defect = value
            case "--family": families.append(try Self.named(value))
            case "--disk": disks.append(try Self.named(value))
            case "--only":
                tasks = []
                for name in value.split(separator: ",") { tasks.append(try Self.named(String(name))) }
            default: throw OptionError()
            }
        }
        if families.isEmpty { families = [.v1, .v2, .go] }
        if disks.isEmpty { disks = [.plain] }
    }

    private static func number<Number: LosslessStringConvertible>(_ word: String) throws(OptionError) -> Number {
        guard let number = Number(word) else { throw OptionError() }
        return number
    }

    private static func named<Name: RawRepresentable<String>>(_ word: String) throws(OptionError) -> Name {
        guard let name = Name(rawValue: word) else { throw OptionError() }
        return name
    }
}

/// The words make no sense.
struct OptionError: Error {}
