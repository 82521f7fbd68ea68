/// Stands in for a payment provider. Of a hundred orders about five are declined, ten get no answer at the first
/// attempt or two, and two never get one.
struct PaymentGateway: Sendable {
    enum Answer {
        case charged
        case declined
        case noAnswer
    }

    func charge(order: String, attempt: Int) -> Answer {
        switch Self.number(of: order) {
        case 0..<5: .declined
        case 5..<7: .noAnswer
        case 7..<12: attempt > 2 ? .charged : .noAnswer
        case 12..<17: attempt > 1 ? .charged : .noAnswer
        default: .charged
        }
    }

    /// 0…99, the same for an id in every process, unlike Swift's own hash. FNV-1a with 32 bits.
    private static func number(of order: String) -> Int {
        let hash = order.utf8.reduce(UInt32(0x811c_9dc5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        return Int((hash ^ hash >> 16) % 100)
    }
}
