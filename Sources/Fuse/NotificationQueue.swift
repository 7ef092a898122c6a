private import Glibc
internal import VFS

/// Messages for the kernel, on their way through a thread of their own: the kernel may hold a lock that a message needs
/// until a request is answered, so a thread that answers requests must never send one.
///
/// Unchecked Sendable because the mutex guards all that changes.
@safe
final class NotificationQueue: KernelNotifier, @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var waiting: [(parent: NodeID, name: FileName)] = []
    private var isClosed = false

    init() {
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    func forget(_ name: FileName, in parent: NodeID) {
        unsafe pthread_mutex_lock(mutex)
        waiting.append((parent, name))
        unsafe pthread_cond_signal(condition)
        unsafe pthread_mutex_unlock(mutex)
    }

    func close() {
        unsafe pthread_mutex_lock(mutex)
        isClosed = true
        unsafe pthread_cond_signal(condition)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Sends what comes until the queue is closed.
    func send(_ body: (NodeID, FileName) -> Void) {
        while let batch = take() {
            for (parent, name) in batch { body(parent, name) }
        }
    }

    private func take() -> [(parent: NodeID, name: FileName)]? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while waiting.isEmpty, !isClosed { unsafe pthread_cond_wait(condition, mutex) }
        if isClosed { return nil }
        defer { waiting = [] }
        return waiting
    }
}
