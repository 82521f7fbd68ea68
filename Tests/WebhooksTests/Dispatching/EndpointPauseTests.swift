import Testing

@testable import Webhooks

struct EndpointPauseTests {
    private static let start = ContinuousClock.now

    @Test func `there is none at first`() {
        let pause = EndpointPause()
        #expect(!pause.isOn && !pause.isTrying)
        #expect(pause.end == nil)
        #expect(pause.reason == "")
    }

    @Test func `of several answers the one that asks for the longest pause counts, and together they are one`() {
        var pause = EndpointPause()
        pause.wait(.seconds(10), reason: "ten", at: Self.start)
        #expect(pause.isOn)
        #expect(pause.end == Self.start + .seconds(10))
        #expect(pause.reason == "ten")
        pause.wait(.seconds(5), reason: "five", at: Self.start)
        pause.wait(.seconds(10), reason: "ten again", at: Self.start)
        #expect(pause.end == Self.start + .seconds(10))
        #expect(pause.reason == "ten")
        pause.wait(.seconds(20), reason: "twenty", at: Self.start)
        #expect(pause.end == Self.start + .seconds(20))
        #expect(pause.reason == "twenty")
        pause.isOver()
        pause.wait(.zero, reason: "the second", at: Self.start)
        #expect(pause.end == Self.start + .seconds(2))
    }

    @Test func `pauses in a row grow to five minutes, and are never shorter than asked for`() {
        var pause = EndpointPause()
        var lengths: [Duration] = []
        for _ in 0..<12 {
            pause.wait(.seconds(1), reason: "one", at: Self.start)
            if let end = pause.end { lengths.append(Self.start.duration(to: end)) }
            #expect(!pause.isTrying)
            pause.isOver()
            #expect(pause.isTrying, "one request shows whether it is well")
        }
        #expect(lengths == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map { .seconds($0) })
        pause.wait(.seconds(3600), reason: "an hour", at: Self.start)
        #expect(pause.end == Self.start + .seconds(3600))
    }

    @Test func `a lengthened pause says so`() {
        var pause = EndpointPause()
        for _ in 0..<3 {
            pause.wait(.seconds(1), reason: "busy", at: Self.start)
            pause.isOver()
        }
        pause.wait(.seconds(1), reason: "busy", at: Self.start)
        #expect(pause.reason == "busy; after 3 pauses in a row for 8s")
    }

    @Test func `an answer that asks for no pause begins anew`() {
        var pause = EndpointPause()
        for _ in 0..<5 {
            pause.wait(.seconds(1), reason: "one", at: Self.start)
            pause.isOver()
        }
        pause.answered()
        #expect(!pause.isTrying)
        pause.wait(.seconds(1), reason: "one", at: Self.start)
        #expect(pause.end == Self.start + .seconds(1))
    }

    @Test func `what was on its way when the pause began says nothing`() {
        var pause = EndpointPause()
        pause.wait(.seconds(1), reason: "one", at: Self.start)
        pause.answered()
        pause.isOver()
        #expect(pause.isTrying)
    }

    @Test func `an endpoint that is gone stays so`() {
        var pause = EndpointPause()
        pause.wait(.seconds(10), reason: "ten", at: Self.start)
        pause.gone(reason: "gone")
        #expect(pause.isOn)
        #expect(pause.end == nil)
        #expect(pause.reason == "gone")
        pause.wait(.seconds(20), reason: "twenty", at: Self.start)
        #expect(pause.isOn)
        #expect(pause.end == nil)
        #expect(pause.reason == "gone")
        pause.isOver()
        #expect(pause.isTrying, "asked for another try, it gets one request")
    }
}
