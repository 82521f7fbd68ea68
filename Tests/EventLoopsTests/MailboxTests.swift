import Glibc
import PatientPolling
import Synchronization
import Testing

@testable import EventLoops

struct MailboxTests {
    private struct Item: Sendable {
        let sender: Int
        let number: Int
    }

    @Test func `nothing from many threads is lost, and each sender's order is kept`() throws {
        let senders = 8
        let each = 5000
        let loop = try EventLoop()
        let mailbox = try Mailbox<Item>()
        var next = [Int](repeating: 0, count: senders)
        var outOfOrder = 0
        var count = 0
        mailbox.attach(to: loop) { items in
            for item in items {
                if item.number != next[item.sender] { outOfOrder += 1 }
                next[item.sender] = item.number + 1
                count += 1
            }
            if count == senders * each { loop.stop() }
        }
        for sender in 0..<senders {
            try LoopThread.start(named: "sender") {
                for number in 0..<each { mailbox.send(Item(sender: sender, number: number)) }
            }
        }
        loop.schedule(after: Patience.usual) { loop.stop() }
        loop.run()
        #expect(count == senders * each)
        #expect(outOfOrder == 0)
    }

    @Test func `what is sent before attaching and from inside the handler is handled`() throws {
        let loop = try EventLoop()
        let mailbox = try Mailbox<Int>()
        mailbox.send(1)
        var seen: [Int] = []
        mailbox.attach(to: loop) { items in
            for item in items {
                seen.append(item)
                if item < 5 { mailbox.send(item + 1) } else { loop.stop() }
            }
        }
        loop.run()
        #expect(seen == [1, 2, 3, 4, 5])
    }

    /// As the loop of a library does it.
    @Test func `a mailbox can be polled by its descriptor, which is readable while something is in it`() throws {
        let mailbox = try Mailbox<Int>()
        func isReadable(within milliseconds: Int32) -> Bool {
            var entry = pollfd(fd: mailbox.descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&entry, 1, milliseconds) == 1
        }
        #expect(!isReadable(within: 0))
        try LoopThread.start(named: "sender") {
            mailbox.send(1)
            mailbox.send(2)
        }
        var items: [Int] = []
        while items.count < 2, isReadable(within: Int32(Patience.usual / .milliseconds(1))) {
            items += mailbox.receive()
        }
        #expect(items == [1, 2])
        #expect(mailbox.receive() == [])
        #expect(!isReadable(within: 0))
    }

    @Test func `a closed mailbox gives out what is left and refuses what comes`() throws {
        let mailbox = try Mailbox<Int>()
        #expect(mailbox.send(1))
        #expect(mailbox.send(2))
        #expect(mailbox.close() == [1, 2])
        #expect(!mailbox.send(3))
        #expect(mailbox.close() == [])
    }

    @Test func `every item is either taken or refused while a mailbox is being closed`() throws {
        let mailbox = try Mailbox<Int>()
        let accepted = Atomic(0)
        let finished = Atomic(0)
        for _ in 0..<4 {
            try LoopThread.start(named: "sender") {
                for number in 0..<20_000 where mailbox.send(number) { accepted.add(1, ordering: .relaxed) }
                finished.add(1, ordering: .releasing)
            }
        }
        while accepted.load(ordering: .relaxed) < 1000 { continue }
        let left = mailbox.close().count
        while finished.load(ordering: .acquiring) < 4 { continue }
        #expect(left == accepted.load(ordering: .relaxed), "nothing was taken before, so all accepted are left")
    }
}
