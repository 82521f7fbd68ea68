import Testing

@testable import AMQP

struct SilenceWatchTests {
    private static let start = Duration.zero

    private static func at(_ seconds: Double) -> Duration { self.start + .seconds(seconds) }

    @Test func `the silence begins when something begins to wait, and one look is armed`() {
        var watch = SilenceWatch(limit: .seconds(10), at: Self.start)
        #expect(watch.begin(isAwaited: false, at: Self.at(100)) == .seconds(10))
        #expect(watch.begin(isAwaited: true, at: Self.at(105)) == nil)
        #expect(watch.look(isAwaited: true, at: Self.at(109)) == .lookAgain(after: .seconds(1)))
        #expect(watch.begin(isAwaited: true, at: Self.at(109.5)) == nil, "it is armed again")
        #expect(watch.look(isAwaited: true, at: Self.at(110)) == .tooLong(.seconds(10)))
    }

    @Test func `each answer begins it anew`() {
        var watch = SilenceWatch(limit: .seconds(10), at: Self.start)
        _ = watch.begin(isAwaited: false, at: Self.at(0))
        watch.heard(at: Self.at(9))
        #expect(watch.look(isAwaited: true, at: Self.at(10)) == .lookAgain(after: .seconds(9)))
        #expect(watch.look(isAwaited: true, at: Self.at(19)) == .tooLong(.seconds(10)))
    }

    @Test func `a broker that owes nothing may be silent, and is watched again when it does`() {
        var watch = SilenceWatch(limit: .seconds(10), at: Self.start)
        _ = watch.begin(isAwaited: false, at: Self.at(0))
        #expect(watch.look(isAwaited: false, at: Self.at(10)) == .well)
        #expect(watch.begin(isAwaited: false, at: Self.at(50)) == .seconds(10))
        #expect(watch.look(isAwaited: true, at: Self.at(60)) == .tooLong(.seconds(10)))
    }
}
