/// What grep calls the files that it looks at, and what they are called in the tree.
///
/// The names of conversations are not for the list of processes, where everybody sees what a program was told: grep is given
/// names of chance, and in what it prints the paths of the tree take their place. A name begins with 65 bits that nobody knew
/// when the texts were written, so wherever it occurs, grep has printed it.
struct GrepNames {
    private let token: [UInt8]
    private let paths: [String]
    /// The end of what was printed, if it may be the beginning of a name.
    private var held: ArraySlice<UInt8> = []

    private static let digits = 4
    /// As many names there are.
    static let capacity = 10_000

    /// A beginning of names that no text has.
    static func makeToken() -> String {
        var random = SystemRandomNumberGenerator()
        let letters = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
        return String(decoding: (0..<13).map { _ in letters[Int.random(in: 0..<32, using: &random)] }, as: UTF8.self)
    }

    /// The name of a file by its place among those of a batch.
    static func name(_ index: Int, _ token: String) -> String {
        let number = String(index)
        return token + String(repeating: "0", count: digits - number.utf8.count) + number
    }

    /// - Parameter paths: of the files of a batch, in their order.
    init(_ token: String, _ paths: [String]) {
        self.token = Array(token.utf8)
        self.paths = paths
    }

    /// What was printed next, with paths for names.
    mutating func translated(_ printed: [UInt8]) -> [UInt8] {
        let text = held + printed
        held = []
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var rest = text
        while let start = rest.firstIndex(of: token[0]) {
            result += rest[..<start]
            rest = rest[start...]
            let name = rest.prefix(token.count + Self.digits)
            guard name.prefix(token.count).elementsEqual(token.prefix(name.count)) else {
                result.append(rest.removeFirst())
                continue
            }
            guard name.count == token.count + Self.digits else {
                held = rest
                return result
            }
            if let path = path(name.suffix(Self.digits)) { result += path.utf8 } else { result += name }
            rest = rest.dropFirst(name.count)
        }
        return result + rest
    }

    /// What is left when nothing more comes.
    mutating func end() -> [UInt8] {
        defer { held = [] }
        return Array(held)
    }

    private func path(_ digits: ArraySlice<UInt8>) -> String? {
        guard let index = Int(String(decoding: digits, as: UTF8.self)), paths.indices.contains(index) else {
            return nil
        }
        return paths[index]
    }
}
