/// Base64 with padding (RFC 4648, section 4), as file parts carry it.
enum Base64 {
    static func encode(_ data: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((data.count + 2) / 3 * 4)
        var index = 0
        while index + 2 < data.count {
            let group = UInt32(data[index]) << 16 | UInt32(data[index + 1]) << 8 | UInt32(data[index + 2])
            append(group, digits: 4, to: &text)
            index += 3
        }
        switch data.count - index {
        case 1: append(UInt32(data[index]) << 16, digits: 2, to: &text)
        case 2: append(UInt32(data[index]) << 16 | UInt32(data[index + 1]) << 8, digits: 3, to: &text)
        default: break
        }
        return text
    }

    /// 24 bits as four digits, the last of them `=` where the data has ended.
    private static func append(_ group: UInt32, digits: Int, to text: inout [UInt8]) {
        for place in 0..<4 {
            let value = Int((group >> UInt32(18 - 6 * place)) & 0x3f)
            text.append(place < digits ? alphabet[value] : UInt8(ascii: "="))
        }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}
