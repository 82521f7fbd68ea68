/// What nobody hopes for, or what operators do.
enum ModelFault: Int, CaseIterable {
    case republish
    case fail
    /// A function asks for its event to come again later.
    case putOff
    case pause
    case loseConnection
    case loseConfirm
    case refuse
    case abandon
    case crash
    case unavailable
    case workerDies
    case suspend
    case changeOver
    case drain
    case remove
    case bringBack
}

/// How often each of the faults may still happen.
struct ModelBudget: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    private var left = [Int](repeating: 0, count: ModelFault.allCases.count)

    init(dictionaryLiteral counts: (ModelFault, Int)...) { for (fault, count) in counts { self[fault] = count } }

    static func each(_ count: Int, but without: Set<ModelFault> = []) -> ModelBudget {
        var budget = ModelBudget()
        for fault in ModelFault.allCases where !without.contains(fault) { budget[fault] = count }
        return budget
    }

    subscript(fault: ModelFault) -> Int {
        get { self.left[fault.rawValue] }
        set { self.left[fault.rawValue] = newValue }
    }

    func allows(_ fault: ModelFault) -> Bool { self[fault] > 0 }
    mutating func spend(_ fault: ModelFault) { self[fault] -= 1 }
}
