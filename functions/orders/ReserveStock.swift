import Warren

/// On order.placed: sets the items aside and says so.
struct ReserveStock: Function {
    func handle(_ event: Event<OrderPlaced>, context: FunctionContext) async throws {
        let order = event.payload
        guard !order.items.isEmpty else { throw Rejected("order \(order.orderID) has no items") }
        for item in order.items where item.quantity < 1 || item.price < 0 {
            throw Rejected("order \(order.orderID): \(item.quantity) of \(item.sku) cannot be reserved")
        }
        context.logger.debug("reserved", metadata: ["order": "\(order.orderID)", "items": "\(order.items.count)"])
        try context.emit(
            "stock.reserved",
            StockReserved(orderID: order.orderID, customer: order.customer, total: order.total)
        )
    }
}
