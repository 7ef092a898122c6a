internal import CFuse
private import Glibc

/// A thread of the operating system, for work that blocks: Swift's own pool has as many threads as there are
/// processors, and none to lose to a waiting system call.
package enum Thread {
    /// Starts a thread that runs `body` and is gone when it returns. It is as nice as the thread that started it, and signals
    /// stay with that.
    ///
    /// - Returns: whether there is one: the system may have too many.
    @discardableResult
    package static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let context = unsafe Unmanaged.passRetained(Body(body))
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let code = unsafe pthread_create(&thread, &attributes, runBody, context.toOpaque())
        unsafe pthread_attr_destroy(&attributes)
        if code != 0 { unsafe context.release() }
        return code == 0
    }

    fileprivate final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }
}

private func runBody(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    unsafe Unmanaged<Thread.Body>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
