import Foundation
import Synchronization

/// A socket that listens on a free port of the loopback interface.
package final class LoopbackListener: Sendable {
    package let descriptor: Int32
    package let port: UInt16

    package init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = Self.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        guard bound else { throw CocoaError(.fileWriteUnknown) }
    }

    deinit {
        close(descriptor)
    }

    static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        return address
    }
}

/// Stands between a client and a server on the loopback interface, and does what networks do: takes its time, goes silent,
/// cuts connections, lets nobody in.
package final class TCPProxy: Sendable {
    private struct State {
        var latency = Duration.zero
        var isFrozen = false
        var refuses = false
        /// Moves when what is connected is to be cut.
        var cut = 0
        var isClosed = false
        var bytesToServer = 0
        var bytesToClient = 0
        var connections = 0
    }

    package let port: UInt16
    private let target: UInt16
    private let listener: LoopbackListener
    private let state = Mutex(State())

    package init(to target: UInt16) throws {
        self.target = target
        let listener = try LoopbackListener()
        self.listener = listener
        port = listener.port
        Thread.detachNewThread { [weak self] in
            while true {
                var waiting = pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)
                let ready = poll(&waiting, 1, 50) > 0
                guard let self, !self.state.withLock({ $0.isClosed }) else { return }
                if ready { self.accept() }
            }
        }
    }

    deinit {
        state.withLock { $0.isClosed = true }
    }

    /// How long every byte is under way in each direction: half a round trip.
    package func delay(_ latency: Duration) {
        state.withLock { $0.latency = latency }
    }

    /// From now on nothing arrives, and nobody's connection breaks: packets are dropped.
    package func freeze() {
        state.withLock { $0.isFrozen = true }
    }

    /// What was held back arrives, and all goes on.
    package func thaw() {
        state.withLock { $0.isFrozen = false }
    }

    /// Ends all connections there are with a reset.
    package func cut() {
        state.withLock { $0.cut += 1 }
    }

    /// Whether new connections end as soon as they are made.
    package func refuse(_ refuses: Bool) {
        state.withLock { $0.refuses = refuses }
    }

    /// Connections that were let in so far, and the bytes that went each way.
    package var traffic: (connections: Int, toServer: Int, toClient: Int) {
        state.withLock { ($0.connections, $0.bytesToServer, $0.bytesToClient) }
    }

    private func accept() {
        let client = Foundation.accept(listener.descriptor, nil, nil)
        guard client >= 0 else { return }
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = LoopbackListener.loopback(port: target)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        let generation = state.withLock { state -> Int? in
            guard connected, !state.refuses else { return nil }
            state.connections += 1
            return state.cut
        }
        guard let generation else {
            Self.reset(client)
            close(server)
            return
        }
        for descriptor in [client, server] {
            var one: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        }
        Thread.detachNewThread { [weak self] in
            Self.carry(client, server, generation) {
                self?.state.withLock { $0 }
            } count: { index, bytes in
                self?.state.withLock { state in
                    if index == 0 { state.bytesToServer += bytes } else { state.bytesToClient += bytes }
                }
            }
        }
    }

    private struct Direction {
        let source: Int32
        let target: Int32
        var held: [(due: ContinuousClock.Instant, bytes: [UInt8])] = []
        var isOver = false
    }

    /// Carries bytes both ways until one side ends, or it is cut.
    private static func carry(
        _ client: Int32, _ server: Int32, _ generation: Int, _ look: () -> State?, count: (Int, Int) -> Void
    ) {
        var directions = [Direction(source: client, target: server), Direction(source: server, target: client)]
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        defer {
            reset(client)
            close(server)
        }
        while true {
            var waiting = directions.map { pollfd(fd: $0.isOver ? -1 : $0.source, events: Int16(POLLIN), revents: 0) }
            let due = directions.flatMap { $0.held.map(\.due) }.min()
            let left = due.map { max(0, Int32((($0 - .now) / .milliseconds(1)).rounded(.up))) } ?? 20
            poll(&waiting, 2, min(20, left))
            guard let state = look(), !state.isClosed, state.cut == generation else { return }
            for index in directions.indices {
                if waiting[index].revents != 0, directions[index].held.count < 64 {
                    let bytes = read(directions[index].source, &buffer, buffer.count)
                    if bytes > 0 {
                        directions[index].held.append((.now + state.latency, Array(buffer[..<bytes])))
                        count(index, bytes)
                    } else {
                        directions[index].isOver = true
                    }
                }
                while !state.isFrozen, let first = directions[index].held.first, first.due <= .now {
                    directions[index].held.removeFirst()
                    guard write(first.bytes, to: directions[index].target) else { return }
                }
                if directions[index].isOver, directions[index].held.isEmpty, !state.isFrozen { return }
            }
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    /// Closes with a reset rather than an end.
    private static func reset(_ descriptor: Int32) {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        close(descriptor)
    }
}
