import Testing

@testable import AMQP

struct PublishWatchTests {
    private static let start = Duration.zero

    private static func judge(_ unanswered: Int, oldest: Double?, heard: Double, at now: Double) -> PublishWatch.Verdict
    {
        PublishWatch.judge(
            unanswered: unanswered,
            oldest: oldest.map { self.start + .seconds($0) },
            heard: self.start + .seconds(heard),
            at: self.start + .seconds(now)
        )
    }

    @Test func `a broker that owes nothing is well, however long it is quiet`() {
        #expect(Self.judge(0, oldest: nil, heard: 0, at: 3600) == .well)
    }

    @Test func `one that answers nothing at all while much waits stands still after three seconds`() {
        #expect(Self.judge(32, oldest: 0, heard: 0, at: 2.9) == .well)
        #expect(Self.judge(32, oldest: 0, heard: 0, at: 3) == .standsStill)
        #expect(Self.judge(4096, oldest: 0, heard: 1, at: 3.9) == .well)
        #expect(Self.judge(32, oldest: 10, heard: 0, at: 12.9) == .well, "the silence begins with the first message")
    }

    @Test func `of few that are on their way none is sent again, and what is to come goes by another connection`() {
        #expect(Self.judge(31, oldest: 0, heard: 0, at: 4.9) == .well)
        #expect(Self.judge(31, oldest: 0, heard: 0, at: 5) == .isBlocked)
        #expect(Self.judge(1, oldest: 0, heard: 0, at: 3600) == .isBlocked)
        #expect(Self.judge(31, oldest: 0, heard: 3596, at: 3600) == .suspectLate)
    }

    @Test func `one that answers others is late with what it does not answer`() {
        #expect(Self.judge(500, oldest: 0, heard: 4.8, at: 4.9) == .well)
        #expect(Self.judge(500, oldest: 0, heard: 4.9, at: 5) == .suspectLate)
    }
}
