internal import CFuse
private import Glibc

/// A thread of the operating system, for work that blocks: Swift's own pool has as many threads as there are
/// processors, and none to lose to a waiting system call.
package enum Thread {
    /// Starts a thread that runs `body` and is gone when it returns. Signals stay with the thread that started it.
    package static func start(_ body: @escaping @Sendable () -> Void) {
        let context = unsafe Unmanaged.passRetained(Body(body)).toOpaque()
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        unsafe pthread_create(&thread, &attributes, runBody, context)
        unsafe pthread_attr_destroy(&attributes)
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
