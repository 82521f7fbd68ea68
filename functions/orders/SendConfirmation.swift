import Warren

/// On payment.charged: the end of the chain, for now.
struct SendConfirmation: Function {
    func handle(_ event: Event<PaymentCharged>, context: FunctionContext) async throws {
        let payment = event.payload
        context.logger.info("order confirmed", metadata: ["order": "\(payment.orderID)"])
        try context.emit(
            "order.confirmed",
            OrderConfirmed(
                orderID: payment.orderID,
                message: "Dear \(payment.customer), we have received \(payment.amount) and will ship soon."
            )
        )
    }
}
