private import Glibc
internal import SQL
private import Synchronization
internal import Timing

/// Asks for the address of a host, and waits no longer than patience lasts.
///
/// libmariadb asks for itself, in a call that nothing can end (getaddrinfo(3)); without a name server that answers it
/// takes half a minute. So it is asked before, on a thread of its own that may go on when nobody waits any more; when the
/// library asks, the answer is at hand.
enum HostLookup {
    /// - Throws: `.unavailable` for a host that is not known; `.expired` or `.cancelled`.
    static func find(_ host: String, _ patience: Patience) throws(SQLError) {
        guard !isAddress(host) else { return }
        let question = Question(host)
        guard question.ask() else { return }
        while true {
            if let answer = question.answer {
                // EAI_AGAIN: the name server may be back when the library asks.
                guard answer != 0, answer != EAI_AGAIN else { return }
                throw SQLError(
                    .unavailable, code: 2005, message: "the host \(host) is not known: is its name in the DSN right?")
            }
            if let verdict = patience.verdict {
                throw SQLError(
                    verdict == .cancelled ? .cancelled : .expired,
                    message: "no name server answered in time what the address of \(host) is")
            }
            usleep(500)
        }
    }

    private static func isAddress(_ host: String) -> Bool {
        var (four, six) = (in_addr(), in6_addr())
        return unsafe inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1
    }
}

/// A question on its way, kept by whoever asks and by the thread that waits for the answer.
private final class Question: Sendable {
    let host: String
    private let result = Mutex<CInt?>(nil)

    init(_ host: String) {
        self.host = host
    }

    /// What getaddrinfo(3) said; nil as long as it says nothing.
    var answer: CInt? { result.withLock { $0 } }

    /// Starts the thread; false when there can be none.
    func ask() -> Bool {
        let unmanaged = unsafe Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                let question = unsafe Unmanaged<Question>.fromOpaque(context).takeRetainedValue()
                question.wait()
                return nil
            }, unmanaged.toOpaque())
        guard code == 0 else {
            unsafe unmanaged.release()
            return false
        }
        _ = pthread_detach(thread)
        return true
    }

    private func wait() {
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, nil, &found)
        if let found = unsafe found { unsafe freeaddrinfo(found) }
        result.withLock { $0 = code }
    }
}
