import Warren

struct GuestArrived: Codable, Sendable {
    let name: String
}

struct GuestGreeted: Codable, Sendable {
    let name: String
    let greeting: String
}

struct Greet: Function {
    func handle(_ event: Event<GuestArrived>, context: FunctionContext) async throws {
        let name = event.payload.name
        guard !name.isEmpty else { throw Rejected("a guest without a name") }
        context.logger.info("a guest", metadata: ["name": "\(name)"])
        try context.emit("guest.greeted", GuestGreeted(name: name, greeting: "Welcome, \(name)!"))
    }
}

@main
struct Hello: FunctionBundle {
    static var functions: [any Function.Type] { [Greet.self] }
}
