import Testing
import WorkerProtocol

@testable import Warren

struct InvocationQueueTests {
    private static func pending(_ number: UInt64) throws -> PendingInvocation {
        var buffer = FrameBuffer()
        buffer.append(TestInvocation.bytes([], number: number))
        let frame = try #require(try buffer.next())
        return PendingInvocation(received: try ReceivedInvocation(frame), deadline: .now)
    }

    @Test func `a queue that is never empty does not grow, and keeps its order`() throws {
        var queue = InvocationQueue()
        for number in 1...3 as ClosedRange<UInt64> { queue.append(try Self.pending(number)) }
        var longest = 0
        for number in 1...20_000 as ClosedRange<UInt64> {
            #expect(queue.popFirst()?.received.invocation == number)
            queue.append(try Self.pending(number + 3))
            #expect(queue.count == 3)
            longest = max(longest, queue.span)
        }
        #expect(longest < 5000)
        #expect(queue.removeAll { $0.received.invocation == 20_002 }.count == 1)
        #expect(queue.popFirst()?.received.invocation == 20_001)
        #expect(queue.popFirst()?.received.invocation == 20_003)
        #expect(queue.isEmpty)
    }
}
