import Testing

@testable import Deployments

struct ChangeSettlingTests {
    private let start = ContinuousClock.now

    /// Each number stands for another state of the files.
    private func fingerprint(_ number: Int) -> Fingerprint {
        Fingerprint(manifestDirectory: "/nowhere", references: ["/nowhere/\(number)"])
    }

    private func settled() -> ChangeSettling {
        var settling = ChangeSettling()
        settling.anticipated(at: self.start)
        _ = settling.look(self.fingerprint(0), at: self.start)
        #expect(settling.look(self.fingerprint(0), at: self.start) == .act(settled: true))
        settling.finished(at: self.start)
        return settling
    }

    @Test func `nothing happens while nothing changes`() {
        var settling = self.settled()
        for _ in 0..<5 { #expect(settling.look(self.fingerprint(0), at: self.start) == .wait(.milliseconds(100))) }
    }

    @Test(arguments: [(1, 100), (100, 100), (500, 500), (5000, 1000)])
    func `the more paths there are, the more rarely they are looked at`(paths: Int, pause: Int) {
        let many = Fingerprint(manifestDirectory: "/nowhere", references: Set((0..<paths).map { "/nowhere/\($0)" }))
        var settling = ChangeSettling()
        settling.anticipated(at: self.start)
        _ = settling.look(many, at: self.start)
        #expect(settling.look(many, at: self.start) == .act(settled: true))
        settling.finished(at: self.start)
        #expect(settling.look(many, at: self.start) == .wait(.milliseconds(pause)))
        #expect(ChangeSettling.interval(for: many) == .milliseconds(pause))
    }

    @Test func `a reading that failed for the moment is repeated every second until it succeeds`() {
        var settling = self.settled()
        settling.finished(isWorthRepeating: true, at: self.start)
        func look(_ milliseconds: Int) -> ChangeSettling.Decision {
            settling.look(self.fingerprint(0), at: self.start + .milliseconds(milliseconds))
        }
        #expect(look(100) == .wait(.milliseconds(100)))
        #expect(look(999) == .wait(.milliseconds(100)))
        #expect(look(1000) == .act(settled: true))
        settling.finished(isWorthRepeating: true, at: self.start + .milliseconds(1000))
        #expect(look(1900) == .wait(.milliseconds(100)))
        #expect(look(2000) == .act(settled: true))
        settling.finished(at: self.start + .milliseconds(2000))
        for second in 3...6 { #expect(look(second * 1000) == .wait(.milliseconds(100))) }
    }

    @Test func `a change is acted on when two looks agree`() {
        var settling = self.settled()
        #expect(settling.look(self.fingerprint(1), at: self.start) == .wait(.milliseconds(30)))
        #expect(settling.look(self.fingerprint(2), at: self.start) == .wait(.milliseconds(30)))
        #expect(settling.look(self.fingerprint(2), at: self.start) == .act(settled: true))
        settling.finished(at: self.start)
        #expect(settling.look(self.fingerprint(2), at: self.start) == .wait(.milliseconds(100)))
    }

    @Test func `a change that is taken back while it settles is read all the same`() {
        var settling = self.settled()
        #expect(settling.look(self.fingerprint(1), at: self.start) == .wait(.milliseconds(30)))
        #expect(settling.look(self.fingerprint(0), at: self.start) == .wait(.milliseconds(30)))
        #expect(settling.look(self.fingerprint(0), at: self.start) == .act(settled: true))
    }

    @Test func `looks that never agree are acted on every second, and then until they do`() {
        var settling = self.settled()
        var acts: [Int] = []
        for number in 1...100 {
            let now = self.start + .milliseconds(30) * number
            guard settling.look(self.fingerprint(number), at: now) == .act(settled: false) else { continue }
            acts.append(number)
            settling.anticipated(at: now)
        }
        #expect(acts == [35, 69])
        let now = self.start + .milliseconds(3030)
        #expect(settling.look(self.fingerprint(100), at: now) == .act(settled: true))
    }

    @Test func `a reading that a change has overtaken does not start patience anew`() {
        var settling = self.settled()
        var now = self.start
        var decision = settling.look(self.fingerprint(1), at: now)
        var number = 1
        while decision != .act(settled: false), number < 100 {
            now += .milliseconds(30)
            decision = settling.look(self.fingerprint(number), at: now)
            if decision == .act(settled: true) {
                settling.failed(at: now)
                number += 1
            }
        }
        #expect(decision == .act(settled: false))
        #expect(now - self.start <= .milliseconds(1060))
    }
}
