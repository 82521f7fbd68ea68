/// order.placed
struct OrderPlaced: Codable, Sendable {
    struct Item: Codable, Sendable {
        let sku: String
        let quantity: Int
        let price: Double
    }

    let orderID: String
    let customer: String
    let items: [Item]

    var total: Double { self.items.reduce(0) { $0 + Double($1.quantity) * $1.price } }
}

/// stock.reserved
struct StockReserved: Codable, Sendable {
    let orderID: String
    let customer: String
    let total: Double
}

/// payment.charged
struct PaymentCharged: Codable, Sendable {
    let orderID: String
    let customer: String
    let amount: Double
    let attempts: Int
}

/// order.confirmed
struct OrderConfirmed: Codable, Sendable {
    let orderID: String
    let message: String
}
