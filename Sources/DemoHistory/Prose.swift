/// Says things about a topic: sentences, code, logs.
///
/// Templates hold `~` and a letter where a word goes: `~f` a file, `~a` its absolute path, `~m` a function, `~t` a
/// type, `~v` a variable, `~w` a component, `~n` and `~k` a small and a large number, `~d` a duration in ms, `~h` seven
/// hexadecimal digits, `~z` two digits below 60, `~s` `~c` `~r` the topic's symptom, cause and remedy.
struct Prose {
    let topic: Topic
    let language: Language
    let directory: String
    var random: SeededRandom

    /// Writes a template's text, its words filled in.
    mutating func say(_ template: String, to text: inout [UInt8]) {
        var isWord = false
        for byte in template.utf8 {
            if isWord {
                isWord = false
                word(byte, to: &text)
            } else if byte == UInt8(ascii: "~") {
                isWord = true
            } else {
                text.append(byte)
            }
        }
    }

    mutating func say(_ template: String) -> [UInt8] {
        var text: [UInt8] = []
        say(template, to: &text)
        return text
    }

    private mutating func word(_ letter: UInt8, to text: inout [UInt8]) {
        switch letter {
        case UInt8(ascii: "f"): file(to: &text)
        case UInt8(ascii: "a"):
            text += directory.utf8
            if directory.utf8.last != UInt8(ascii: "/") { text.append(UInt8(ascii: "/")) }
            file(to: &text)
        case UInt8(ascii: "m"):
            text += random.pick(Words.verbs).utf8
            text += random.pick(Words.nouns).utf8
        case UInt8(ascii: "t"):
            text += random.pick(Words.nouns).utf8
            text += random.pick(Words.nouns).utf8
        case UInt8(ascii: "v"): text += random.pick(Words.variables).utf8
        case UInt8(ascii: "w"): text += random.pick(Words.components).utf8
        case UInt8(ascii: "n"): text += String(random.within(2...90)).utf8
        case UInt8(ascii: "k"): text += String(random.within(120...99_999)).utf8
        case UInt8(ascii: "z"): text += String(random.within(10...59)).utf8
        case UInt8(ascii: "d"): text += String(random.within(3...30_000)).utf8
        case UInt8(ascii: "h"): text += String(0x100_0000 + random.below(0xf00_0000), radix: 16).utf8
        case UInt8(ascii: "s"): say(topic.symptom, to: &text)
        case UInt8(ascii: "c"): say(topic.cause, to: &text)
        case UInt8(ascii: "r"): say(topic.remedy, to: &text)
        default: text.append(letter)
        }
    }

    private mutating func file(to text: inout [UInt8]) {
        text += "src/".utf8
        text += random.pick(topic.stems).utf8
        text.append(UInt8(ascii: "."))
        text += language.suffix.utf8
    }

    /// Code until there are so many bytes of it.
    mutating func code(bytes: Int) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes + 400)
        repeat {
            say(random.pick(language.snippets), to: &text)
            text.append(0x0a)
        } while text.count < bytes
        return text
    }

    /// Lines of the given kinds until there are so many bytes of them.
    mutating func lines(_ templates: [String], bytes: Int) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes + 200)
        repeat {
            say(random.pick(templates), to: &text)
            text.append(0x0a)
        } while text.count < bytes
        return text
    }

    /// Sentences in paragraphs, and a piece of code among them now and then.
    mutating func paragraphs(_ sentences: [String], bytes: Int, withCode: Bool) -> [UInt8] {
        var text: [UInt8] = []
        // Each is said once before one is said again.
        let order = sentences.shuffled(using: &random)
        var said = 0
        repeat {
            if !text.isEmpty { text += "\n\n".utf8 }
            for _ in 0..<random.within(2...5) {
                say(order[said % order.count], to: &text)
                said += 1
                text.append(UInt8(ascii: " "))
            }
            text.removeLast()
            if withCode, random.chance(35) {
                text += "\n\n```".utf8
                text += language.name.utf8
                text.append(0x0a)
                say(random.pick(language.snippets), to: &text)
                text += "```".utf8
            }
        } while text.count < bytes
        return text
    }
}
