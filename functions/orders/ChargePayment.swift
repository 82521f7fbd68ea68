import Warren

/// On stock.reserved: charges the customer, at a payment gateway that behaves as badly as real ones do.
///
/// How it behaves depends on the order's id alone, so that a demonstration always runs the same way.
struct ChargePayment: Function {
    private let gateway = PaymentGateway()

    func handle(_ event: Event<StockReserved>, context: FunctionContext) async throws {
        let reserved = event.payload
        switch self.gateway.charge(order: reserved.orderID, attempt: context.attempt) {
        case .charged:
            try context.emit(
                "payment.charged",
                PaymentCharged(
                    orderID: reserved.orderID,
                    customer: reserved.customer,
                    amount: reserved.total,
                    attempts: context.attempt
                )
            )
        case .declined:
            // Asking again would get the same answer: straight to the dead letters.
            throw Rejected("order \(reserved.orderID): the card was declined")
        case .noAnswer:
            throw GatewayTimeout(order: reserved.orderID, attempt: context.attempt)
        }
    }
}

/// An ordinary error: the event is run again as the manifest's `retry` says.
struct GatewayTimeout: Error, CustomStringConvertible {
    let order: String
    let attempt: Int

    var description: String { "order \(self.order): the payment gateway gave no answer (attempt \(self.attempt))" }
}
