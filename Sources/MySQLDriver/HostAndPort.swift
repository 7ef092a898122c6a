/// The address of a TCP server, as Go's net.SplitHostPort takes it apart and people write it.
enum HostAndPort {
    /// `host`, `host:port`, `[IPv6]:port`, `[IPv6]`, or an IPv6 address alone; without a port: 3306, without a host:
    /// 127.0.0.1.
    static func read(_ bytes: ArraySlice<UInt8>) throws(DSNError) -> MySQLSettings.Address {
        let colon = UInt8(ascii: ":")
        var host = bytes
        var port: ArraySlice<UInt8>?
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.lastIndex(of: UInt8(ascii: "]")) else {
                throw DSNError("lacks the ] after an IPv6 address")
            }
            host = bytes[bytes.startIndex + 1..<end]
            let rest = bytes[(end + 1)...]
            guard rest.isEmpty || rest.first == colon else { throw DSNError("has something between ] and the port") }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if bytes.filter({ $0 == colon }).count == 1 {
            (host, port) = bytes.cut(at: colon)
        }
        let name = try DSN.text(Array(host))
        return .tcp(host: name.isEmpty ? "127.0.0.1" : name, port: try port.map(number) ?? DSN.defaultPort)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) throws(DSNError) -> UInt16 {
        let isPlain = bytes.allSatisfy { (0x30...0x39).contains($0) }
        guard isPlain, let port = UInt16(String(decoding: bytes, as: UTF8.self)), port > 0 else {
            throw DSNError("has a port that is no number from 1 to 65535")
        }
        return port
    }
}
