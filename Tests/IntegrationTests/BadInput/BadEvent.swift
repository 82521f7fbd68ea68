import Messaging
import Testing

/// An event that a careless or hostile publisher could send, and what has to become of it.
struct BadEvent: Sendable, CustomTestStringConvertible {
    enum End: Sendable {
        /// Handled like any other.
        case handled
        /// A dead letter with this `warren-dead-reason`, and an error that says this.
        case dead(String, String)
        /// A dead letter that only the broker could make.
        case deadByBroker
    }

    /// Functions of the host: one that decodes an order, and one that fails for every order it can decode.
    enum Function: String, Sendable {
        case decode
        case fail
    }

    let testDescription: String
    let function: Function
    let end: End
    let key: [UInt8]
    private let plain: RawMessage
    private let headersIn: @Sendable (String) -> [UInt8]
    /// Further promises about the dead letter.
    let check: @Sendable (Delivery) -> Void

    /// The name of the case, for the accounts: in a header of its own, and as the order's id.
    private static func name(_ description: String) -> String { description.replacing(" ", with: "-") }
    var name: String { Self.name(self.testDescription) }

    /// - Parameters:
    ///   - message: changes a message that the function would take.
    ///   - headersIn: makes headers that name the host's own objects, from its namespace.
    init(
        _ description: String,
        _ function: Function,
        _ end: End,
        key: String? = nil,
        _ message: (inout RawMessage) -> Void,
        headersIn: @escaping @Sendable (String) -> [UInt8] = { _ in [] },
        check: @escaping @Sendable (Delivery) -> Void = { _ in }
    ) {
        self.testDescription = description
        self.function = function
        self.end = end
        self.key = Array((key ?? "\(function.rawValue).event").utf8)
        self.check = check
        var result = RawMessage()
        let name = Self.name(description)
        result.messageID = Array(name.utf8)
        switch function {
        case .decode:
            let items = "\"items\":[\(Self.item)]"
            result.body = Array("{\"orderID\":\"\(name)\",\"customer\":\"ada\",\(items)}".utf8)
        case .fail: result.body = Array("{\"orderID\":\"never-14\",\"customer\":\"ada\",\"total\":1}".utf8)
        }
        result.headers = RawMessage.entry("case", "S", RawMessage.long(Array(name.utf8)))
        message(&result)
        self.plain = result
        self.headersIn = headersIn
    }

    /// The message for a host of this namespace.
    func message(in namespace: String = "") -> RawMessage {
        var message = self.plain
        let headers = self.headersIn(namespace)
        if !headers.isEmpty { message.headers = (message.headers ?? []) + headers }
        return message
    }

    private static let item = "{\"sku\":\"tea\",\"quantity\":1,\"price\":4.5}"

    static let all = Self.payloads + Self.headers + Self.properties
}

// MARK: - Payloads

extension BadEvent {
    private static func body(_ description: String, _ error: String, _ body: [UInt8]) -> BadEvent {
        BadEvent(description, .decode, .dead("undecodable", error)) { $0.body = body }
    }

    private static func body(_ description: String, _ error: String, _ text: String) -> BadEvent {
        Self.body(description, error, Array(text.utf8))
    }

    private static func order(_ description: String, _ error: String, items: String) -> BadEvent {
        Self.body(description, error, "{\"orderID\":\"1\",\"customer\":\"ada\",\"items\":\(items)}")
    }

    private static let payloads = [
        Self.body("not JSON", "payload: ", "<order/>"),
        Self.body("empty body", "payload: ", ""),
        Self.body("cut JSON", "payload: ", "{\"orderID\":\"1\",\"customer\":"),
        Self.body("another type of JSON", "payload: expected ", "[1,2,3]"),
        Self.body("null", "payload: ", "null"),
        Self.body("no object", "payload: ", "17"),
        Self.body("missing member", "payload.customer: missing", "{\"orderID\":\"1\",\"items\":[]}"),
        Self.order(
            "wrong type inside",
            "payload.items[1].quantity: expected Int, found",
            items: "[\(Self.item),{\"sku\":\"a\",\"quantity\":\"two\",\"price\":1}]"
        ),
        Self.order("null inside", "payload.items[0]", items: "[null]"),
        Self.order(
            "huge number",
            "payload: ",
            items: "[{\"sku\":\"a\",\"quantity\":1e999,\"price\":1}]"
        ),
        Self.body("JSON nested very deep", "payload: ", [UInt8](repeating: UInt8(ascii: "["), count: 100_000)),
        Self.body("noise", "payload: ", (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }),
        Self.body("invalid UTF-8", "payload", Array("{\"orderID\":\"".utf8) + [0xC3, 0x28, 0xFF] + Array("\"}".utf8)),
        BadEvent("structured mode with broken JSON", .decode, .dead("undecodable", "envelope: ")) {
            $0.contentType = Array("application/cloudevents+json".utf8)
            $0.body = Array("{\"specversion\":\"1.0\",\"id\":".utf8)
        },
        BadEvent("structured mode with wrong data", .decode, .dead("undecodable", "data.customer: missing")) {
            $0.contentType = Array("application/cloudevents+json; charset=utf-8".utf8)
            $0.body = Array(
                "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\",\"data\":{\"orderID\":\"1\"}}"
                    .utf8
            )
        },
        BadEvent("structured mode with attributes of wrong types", .decode, .dead("undecodable", "")) {
            $0.contentType = Array("application/cloudevents+json".utf8)
            $0.body = Array("{\"specversion\":1,\"id\":{},\"source\":[],\"type\":null,\"data\":{}}".utf8)
        },
        BadEvent("body over the limit", .decode, .deadByBroker) {
            $0.body = [UInt8](repeating: 0x20, count: 16 << 20 | 1)
        },
    ]
}
