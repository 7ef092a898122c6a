/// Escapes of URLs (RFC 3986, section 2.1), as Go's net/url undoes them.
enum PercentEncoding {
    /// Without the escapes; nil where one is broken. A plus is a plus (url.PathUnescape).
    static func decodePath(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        decode(bytes, plus: UInt8(ascii: "+"))
    }

    /// Without the escapes; nil where one is broken. A plus is a blank (url.QueryUnescape).
    static func decodeQuery(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        decode(bytes, plus: UInt8(ascii: " "))
    }

    private static func decode(_ bytes: ArraySlice<UInt8>, plus: UInt8) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+"): decoded.append(plus)
            default: decoded.append(byte)
            }
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
