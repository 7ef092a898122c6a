internal import CFuse
private import Glibc
internal import Timing
internal import VFS

/// What libfuse hands back to each operation: the file system that answers it.
@safe
final class Server: Sendable {
    /// Set before the first thread serves and never again, so no thread sees it change.
    nonisolated(unsafe) var fileSystem: (any FileSystem)?
    /// Set when the session is there, which is before the first thread serves.
    nonisolated(unsafe) var session: OpaquePointer?
    var cache: KernelCache? { unsafe session.map { unsafe KernelCache($0) } }

    /// The server that a request came to.
    static func of(_ request: fuse_req_t) -> Server {
        unsafe Unmanaged<Server>.fromOpaque(fuse_req_userdata(request)).takeUnretainedValue()
    }

    /// No request blocks for longer (docs/tree.md, Errors).
    static let patience = Duration.seconds(10)
}

/// Lets the file system answer a request. First the answer is worked out, then it is given: an operation that fails
/// cannot have answered already.
func serve<Answer>(
    _ request: fuse_req_t?,
    _ work: (any FileSystem, Caller) throws(Errno) -> Answer,
    reply: (consuming Reply, Answer) -> Void
) {
    guard let request = unsafe request else { return }
    let server = unsafe Server.of(request)
    let answer: Result<Answer, Errno>
    do throws(Errno) {
        guard let fileSystem = unsafe server.fileSystem else { throw .inputOutput }
        answer = .success(try work(fileSystem, unsafe Caller(of: request)))
    } catch {
        answer = .failure(error)
    }
    let pending = unsafe Reply(to: request)
    switch answer {
    case .success(let answer): reply(pending, answer)
    case .failure(let errno): pending.error(errno)
    }
}

extension Caller {
    fileprivate init(of request: fuse_req_t) {
        let waiting = unsafe WaitingRequest(request)
        let context = unsafe fuse_req_ctx(request)
        let thread = unsafe context?.pointee.pid ?? 0
        self.init(
            process: thread,
            patience: Patience(until: .now + Server.patience) { waiting.isInterrupted },
            threadGroup: { ThreadGroup.identifier(ofThread: thread) })
    }
}

/// A request that is being worked on: whether its program was interrupted meanwhile.
///
/// Unchecked Sendable because libfuse guards the flag, and the request lives until it is answered, after the work.
@safe
private struct WaitingRequest: @unchecked Sendable {
    private let request: fuse_req_t
    private let start = ContinuousClock.now

    /// The kernel reports every signal, also those a program handles itself and by the hundred (Go's SIGURG, a timer's
    /// SIGALRM). Work that is nearly done is finished; only waiting is worth being interrupted.
    private static let grace = Duration.milliseconds(300)

    init(_ request: fuse_req_t) {
        unsafe self.request = request
    }

    var isInterrupted: Bool {
        unsafe fuse_req_interrupted(request) != 0 && .now > start + Self.grace
    }
}

extension FileName {
    /// The name in a request.
    init(_ characters: UnsafePointer<CChar>?) throws(Errno) {
        guard let characters = unsafe characters else { throw .invalid }
        let count = unsafe strlen(characters)
        guard count <= FileName.maximumLength else { throw .nameTooLong }
        let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: characters, count: count))
        guard let name = FileName(bytes: bytes) else { throw .invalid }
        self = name
    }
}
