import Glibc

/// What libFuzzer calls: one of the targets, named by the environment.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = FuzzInput(Array(UnsafeBufferPointer(start: data, count: count)))
    target(&input)
    return 0
}

private let target: @Sendable (inout FuzzInput) -> Void = {
    let name = getenv("OPENCODEFS_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    switch name {
    case "names": return NameFuzzer.run
    case "json": return JSONFuzzer.run
    case "edits": return EditFuzzer.run
    case "handlers": return HandlerFuzzer.run
    default:
        print("OPENCODEFS_FUZZ_TARGET is one of: names, json, edits, handlers")
        exit(2)
    }
}()

/// Bytes that a target takes its decisions from; zeros when they are used up.
struct FuzzInput {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    var isEmpty: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 {
        rest.popFirst() ?? 0
    }

    mutating func number() -> UInt64 {
        (0..<8).reduce(0) { value, _ in value << 8 | UInt64(byte()) }
    }

    /// At most so many bytes, how many being the next byte's to say.
    mutating func bytes(_ limit: Int = 255) -> [UInt8] {
        let taken = rest.prefix(min(limit, Int(byte())))
        rest = rest.dropFirst(taken.count)
        return Array(taken)
    }

    mutating func remainder() -> [UInt8] {
        defer { rest = [] }
        return Array(rest)
    }
}

/// A promise that does not hold ends the run; libFuzzer keeps the input.
func expect(_ holds: Bool, _ promise: StaticString) {
    guard holds else { fatalError("\(promise)") }
}
