import Messaging

/// By which a delivery that is being settled will be acknowledged. Delivered again meanwhile, the last delivery counts.
final class Receipt {
    private(set) var delivery: Delivery
    private(set) var life: SubscriptionLife
    let since = ContinuousClock.now

    init(_ delivery: Delivery, _ life: SubscriptionLife) {
        self.delivery = delivery
        self.life = life
    }

    convenience init(_ running: RunningDelivery) { self.init(running.delivery, running.life) }

    func replace(_ delivery: Delivery, _ life: SubscriptionLife) {
        self.delivery = delivery
        self.life = life
    }
}
