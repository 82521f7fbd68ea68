import Testing

@testable import Webhooks

struct EndpointPauseTests {
    private static let start = ContinuousClock.now

    @Test func `there is none at first`() {
        let pause = EndpointPause()
        #expect(!pause.isOn)
        #expect(pause.end == nil)
        #expect(pause.reason == "")
    }

    @Test func `of several answers the one that asks for the longest pause counts`() {
        var pause = EndpointPause()
        pause.wait(until: Self.start + .seconds(10), reason: "ten")
        #expect(pause.isOn)
        #expect(pause.end == Self.start + .seconds(10))
        #expect(pause.reason == "ten")
        pause.wait(until: Self.start + .seconds(5), reason: "five")
        pause.wait(until: Self.start + .seconds(10), reason: "ten again")
        #expect(pause.end == Self.start + .seconds(10))
        #expect(pause.reason == "ten")
        pause.wait(until: Self.start + .seconds(20), reason: "twenty")
        #expect(pause.end == Self.start + .seconds(20))
        #expect(pause.reason == "twenty")
    }

    @Test func `an endpoint that is gone stays so`() {
        var pause = EndpointPause()
        pause.wait(until: Self.start + .seconds(10), reason: "ten")
        pause.gone(reason: "gone")
        #expect(pause.isOn)
        #expect(pause.end == nil)
        #expect(pause.reason == "gone")
        pause.wait(until: Self.start + .seconds(20), reason: "twenty")
        #expect(pause.isOn)
        #expect(pause.end == nil)
        #expect(pause.reason == "gone")
    }
}
