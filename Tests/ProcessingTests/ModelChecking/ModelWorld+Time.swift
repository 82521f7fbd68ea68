@testable import Processing

/// Time passes only from one clock that is due to the next.
extension ModelWorld {
    var hasClocks: Bool {
        for place in self.places where !self[place].timers.isEmpty { return true }
        return self.nextEnd != nil
    }

    /// When the next event is past its time, that waits or is held somewhere. Nothing happens by itself then.
    private var nextEnd: Duration? {
        guard self.settings.expires else { return nil }
        var ends = self.broker.delayed.compactMap(\.copyEnd)
        for queue in 0..<2 {
            for message in self.broker[queue].ready { ends += [message.brokerEnd, message.copyEnd].compactMap { $0 } }
            for held in self.broker[queue].held {
                if let end = self[held.holder.place].ends[held.message.number] { ends.append(end) }
            }
        }
        return ends.filter { $0 > self.time }.min()
    }

    /// The clock that is due first. Looks at a drain that find nothing new are one step.
    mutating func tick() throws {
        for _ in 0..<Self.mostLooks {
            guard let next = self.nextTimer, case .pipeline(.drain) = next.timer else { break }
            let before = self[next.place].pipeline
            try self.passTime()
            guard self[next.place].pipeline == before else { return }
        }
        try self.passTime()
    }

    /// As long as a drain waits for answers, and a little longer.
    private static var mostLooks: Int { 24 }

    private var nextTimer: (place: ModelPlace, timer: ModelFunction<Policy>.Timer, due: Duration)? {
        var first: (place: ModelPlace, timer: ModelFunction<Policy>.Timer, due: Duration)?
        for place in self.places {
            for (timer, due) in self[place].timers {
                if let best = first, best.due < due || best.due == due && best.place != place { continue }
                if let best = first, best.due == due, best.timer.rank <= timer.rank { continue }
                first = (place, timer, due)
            }
        }
        return first
    }

    private mutating func passTime() throws {
        let first = self.nextTimer
        if let end = self.nextEnd, first.map({ end < $0.due }) ?? true {
            self.time = end
            return
        }
        guard let first else { return }
        self.time = max(self.time, first.due)
        self[first.place].timers[first.timer] = nil
        switch first.timer {
        case .pipeline(let timer): try self.tell(.due(timer), first.place)
        case .pause(let slot): try self.pauseIsOver(slot, first.place)
        }
    }
}

extension ModelFunction.Timer {
    /// The order of clocks that are due at the same time.
    fileprivate var rank: Int {
        switch self {
        case .pipeline(.breaker): 0
        case .pipeline(.head): 1
        case .pipeline(.bytes): 2
        case .pipeline(.drain): 3
        case .pause(let slot): 4 + slot.number
        }
    }
}
