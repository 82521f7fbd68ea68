import Testing

@testable import AMQP

struct ChannelRenewalTests {
    private static let start = Duration.zero

    /// - Returns: the milliseconds at which a new channel was due, of those at which messages were refused.
    private static func due(_ milliseconds: some Sequence<Int>, _ renewal: inout ChannelRenewal) -> [Int] {
        milliseconds.filter { renewal.refused(at: self.start + .milliseconds($0)) }
    }

    @Test func `a channel that goes on refusing for a second is renewed, one that refuses once is not`() {
        var renewal = ChannelRenewal()
        #expect(Self.due([0, 500, 999, 1000, 1001], &renewal) == [1000])
        var single = ChannelRenewal()
        #expect(Self.due([0], &single) == [])
    }

    @Test func `a queue that is full costs a channel a minute in the long run`() {
        var renewal = ChannelRenewal()
        // The time of each channel begins with its first refusal, a tenth of a second after the end of the one before.
        let due = [1000, 3100, 7200, 15_300, 31_400, 63_500, 123_600, 183_700, 243_800]
        #expect(Self.due(stride(from: 0, to: 300_000, by: 100), &renewal) == due)
        #expect(Self.due([400_000, 400_500, 401_000], &renewal) == [401_000], "after a calm minute it begins anew")
    }

    @Test func `a channel that is new for another reason has its whole time`() {
        var renewal = ChannelRenewal()
        #expect(Self.due([0, 900], &renewal) == [])
        renewal.channelIsNew()
        #expect(Self.due([1000, 1900, 2000], &renewal) == [2000])
    }
}
