import Warren

/// An order's way from placed to confirmed, in three functions that know each other's events and nothing more.
@main
struct Orders: FunctionBundle {
    static var functions: [any Function.Type] {
        [ReserveStock.self, ChargePayment.self, SendConfirmation.self]
    }

    static var version: String { "1.0" }
}
