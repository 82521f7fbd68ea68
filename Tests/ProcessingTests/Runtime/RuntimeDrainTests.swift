import Deployments
import Manifests
import Messaging
import Testing

@testable import Processing

/// A host that goes down.
struct RuntimeDrainTests {
    private var runtime = StateUnderTest()
    private let f: FunctionManifest
    private let other: FunctionManifest

    init() throws {
        self.f = try .test("f")
        self.other = try .test("g", keys: ["other"])
    }

    @Test mutating func `everything is drained, once`() {
        self.runtime.run(self.f, self.other)
        #expect(
            self.runtime.hear(.drain) == [
                "drain settler", "drain relay", "arm abandon relay", "drain t.f", "drain t.g",
            ]
        )
        #expect(self.runtime.hear(.drain) == [])
        #expect(self.runtime.hear(.due(.abandonRelay)) == ["abandon relay"])
    }

    @Test(arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
    mutating func `the intake is closed when the last has ended, whichever that is`(order: [Int]) {
        self.runtime.run(self.f, self.other)
        _ = self.runtime.hear(.drain)
        let ends = [RuntimeEvent.ended(.test("f")), .ended(.test("g")), .relayEnded]
        for (index, number) in order.enumerated() {
            #expect(self.runtime.hear(ends[number]) == (index == ends.count - 1 ? ["close intake"] : []))
        }
        #expect(self.runtime.hear(.ended(.test("f"))) == [], "and not again")
    }

    @Test mutating func `one that was going anyway is waited for`() {
        self.runtime.run(self.f)
        _ = self.runtime.apply()
        _ = self.runtime.hear(.drain)
        #expect(self.runtime.hear(.relayEnded) == [])
        #expect(
            self.runtime.hear(.ended(.test("f"))) == ["remove queue t.f", "close intake"],
            "what becomes of its queue is not forgotten"
        )
    }

    @Test mutating func `a host without functions waits for the relay alone`() {
        self.runtime.run()
        _ = self.runtime.hear(.drain)
        #expect(self.runtime.hear(.relayEnded) == ["close intake"])
    }

    @Test mutating func `nothing is declared, looked at, changed or added any more`() {
        self.runtime = StateUnderTest(waysBackInterval: .seconds(60))
        self.runtime.run(self.f)
        let moved = self.other.with { $0.queue = "elsewhere" }
        _ = self.runtime.apply(self.f.with { $0.keys = moved.keys }, self.other)
        let key = ConsumerKey.test("f")
        _ = self.runtime.hear(.candidateReady(key))
        _ = self.runtime.hear(.due(.waysBack))
        _ = self.runtime.hear(.drain)
        let late: [RuntimeEvent] = [
            .declared(.change(key, revision: 2), nil), .declared(.shared, nil),
            .declared(.shared, StateUnderTest.mismatch),
            .declared(.consumer(key), StateUnderTest.unreachable), .inspected(.consumer(key), .success(nil), nil),
            .inspected(.delayLevel(0), .success(nil), nil), .interrupted(key), .relayInterrupted, .candidateReady(key),
            .changed(key, .switched), .changed(key, .rejected("no")), .suspected(key), .due(.watch), .due(.waysBack),
            .due(.secondLook(key)), .due(.move(key)), .due(.declare(.shared)), .due(.declare(.consumer(key))),
            .apply(.test([moved]), settled: true, retryingRejected: true),
        ]
        for event in late { #expect(self.runtime.hear(event) == [], "\(event)") }
    }
}
