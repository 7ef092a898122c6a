extension SeededGenerator {
    /// Some JSON: few keys and values, so that two of these have much in common.
    ///
    /// - Parameter respelled: whether there may be space between tokens, and escapes and numbers of any spelling.
    package mutating func json(depth: Int, respelled: Bool = false) -> [UInt8] {
        let space = respelled ? ["", "", " ", "\n  "][Int.random(in: 0..<4, using: &self)] : ""
        return Array(space.utf8) + value(depth: depth, respelled: respelled) + Array(space.utf8)
    }

    private mutating func value(depth: Int, respelled: Bool) -> [UInt8] {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 3), using: &self) {
        case 0:
            return Array(["1", "2.50", "0", "-3"][Int.random(in: 0..<4, using: &self)].utf8)
                + (respelled && Bool.random(using: &self) ? Array("e0".utf8) : [])
        case 1:
            let escaped = respelled && Bool.random(using: &self)
            let texts = escaped ? [#"\u0061"#, #"x\u00e9\n"#, ""] : ["a", #"xé\n"#, ""]
            return Array("\"\(texts[Int.random(in: 0..<3, using: &self)])\"".utf8)
        case 2: return Array(["true", "false", "null"][Int.random(in: 0..<3, using: &self)].utf8)
        case 3:
            let count = Int.random(in: 0...4, using: &self)
            let elements = (0..<count).map { _ in json(depth: depth - 1, respelled: respelled) }
            return Array("[".utf8) + elements.joined(separator: [0x2c]) + Array("]".utf8)
        default: return object(depth: depth, respelled: respelled)
        }
    }

    /// An object whose keys are all different.
    package mutating func object(depth: Int, respelled: Bool = false) -> [UInt8] {
        let keys = ["a", "b", "c", "d"].shuffled(using: &self).prefix(Int.random(in: 0...4, using: &self))
        let members = keys.map { Array("\"\($0)\":".utf8) + json(depth: depth - 1, respelled: respelled) }
        return Array("{".utf8) + members.joined(separator: [0x2c]) + Array("}".utf8)
    }
}
