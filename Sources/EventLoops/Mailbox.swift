import CLinux
import Glibc
import Synchronization

/// Carries items from other threads into a loop: any thread sends them, and the loop's thread handles them in order.
package final class Mailbox<Item: Sendable>: Sendable {
    private struct State {
        var items: [Item] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    /// Readable when there is something to `receive`: for an event loop that is not an `EventLoop`, such as a
    /// library's. The mailbox owns it.
    package let descriptor: Int32

    package init() throws(SystemError) {
        self.descriptor = eventfd(0, WARREN_EFD_FLAGS)
        guard self.descriptor >= 0 else { throw SystemError("eventfd") }
    }

    deinit { _ = Glibc.close(self.descriptor) }

    /// Sends an item. Never blocks. After the mailbox is closed, the item is dropped and the result is false.
    @discardableResult
    package func send(_ item: Item) -> Bool {
        let (accepted, wakes) = self.state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.items.append(item)
            return (true, state.items.count == 1)
        }
        if wakes { self.wake() }
        return accepted
    }

    /// Handles everything that is sent, in batches, on the loop's thread. The loop keeps the mailbox alive until
    /// `detach`.
    package func attach(to loop: EventLoop, handler: @escaping ([Item]) -> Void) {
        loop.watch(self.descriptor) { [self] _ in handler(self.receive()) }
        // Something may have been sent before the loop began to watch.
        self.wake()
    }

    package func detach(from loop: EventLoop) { loop.unwatch(self.descriptor) }

    /// Takes the remaining items, and refuses all that are sent from now on.
    package func close() -> [Item] {
        self.state.withLock { state in
            state.isClosed = true
            defer { state.items = [] }
            return state.items
        }
    }

    /// Takes all items sent so far. Called on the thread that has found the descriptor readable.
    package func receive() -> [Item] {
        // Reset the descriptor first, so that an item sent after the items are taken makes it readable again.
        var count: UInt64 = 0
        _ = read(self.descriptor, &count, 8)
        return self.state.withLock { state in
            defer { state.items = [] }
            return state.items
        }
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(self.descriptor, &one, 8)
    }
}
