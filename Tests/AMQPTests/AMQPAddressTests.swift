import Testing

@testable import AMQP

struct AMQPAddressTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        var host = "127.0.0.1"
        var port = 5672
        var user = "guest"
        var password = "guest"
        var virtualHost = "/"
        var shown: String
        var testDescription: String { self.text }
    }

    static let cases = [
        Case(text: "amqp://", shown: "amqp://127.0.0.1:5672/"),
        Case(text: "amqp://h", host: "h", shown: "amqp://h:5672/"),
        Case(text: "AMQP://h/", host: "h", shown: "amqp://h:5672/"),
        Case(text: "amqp://h:7", host: "h", port: 7, shown: "amqp://h:7/"),
        Case(text: "amqp://u@h", host: "h", user: "u", password: "", shown: "amqp://h:5672/"),
        Case(
            text: "amqp://u:p:q@h/v",
            host: "h",
            user: "u",
            password: "p:q",
            virtualHost: "v",
            shown: "amqp://h:5672/v"
        ),
        Case(
            text: "amqp://a%40b:%2f%3a%3F%c3%bc@h/%2Fv%2fw",
            host: "h",
            user: "a@b",
            password: "/:?ü",
            virtualHost: "/v/w",
            shown: "amqp://h:5672//v/w"
        ),
        Case(
            text: "amqp://u:p@[::1]:7/v",
            host: "::1",
            port: 7,
            user: "u",
            password: "p",
            virtualHost: "v",
            shown: "amqp://[::1]:7/v"
        ),
        Case(text: "amqps://h", host: "h", port: 5671, shown: "amqps://h:5671/"),
    ]

    @Test(arguments: Self.cases)
    func `an address is read, and shown without user and password`(_ one: Case) throws {
        let address = try AMQPAddress(one.text)
        #expect(address.host == one.host)
        #expect(address.port == one.port)
        #expect(address.user == one.user)
        #expect(address.password == one.password)
        #expect(address.virtualHost == one.virtualHost)
        #expect((address.tls != nil) == one.text.hasPrefix("amqps"))
        #expect("\(address)" == one.shown)
    }

    @Test func `parameters set heartbeat, time-out and certificates`() throws {
        let address = try AMQPAddress(
            "amqps://h?heartbeat=3&connection_timeout=2500&cacertfile=%2Fca.pem&certfile=/c.pem&keyfile=/k.pem"
                + "&auth_mechanism=EXTERNAL"
        )
        #expect(address.heartbeat == 3)
        #expect(address.connectionTimeout == 2)
        #expect(address.tls?.authorityFile == "/ca.pem")
        #expect(address.tls?.certificateFile == "/c.pem")
        #expect(address.tls?.keyFile == "/k.pem")
        #expect(address.tls?.usesExternalLogin == true)
    }

    static let refused = [
        "", "h:5672", "http://h", "amqp:/h", "amqp://h:0", "amqp://h:65536", "amqp://h:x", "amqp://[::1",
        "amqp://u:secret%4@h", "amqp://u:secret%+1@h", "amqp://u:secret%zz@h", "amqp://h?heartbeat=0",
        "amqp://h?heartbeat=3601", "amqp://h?heartbeat=soon", "amqp://h?connection_timeout=0", "amqp://h?cacertfile=/x",
        "amqp://h?colour=red", "amqps://h?verify=none", "amqp://u:12?secret@h", "amqp://u:12/secret@h",
        "amqp://u:12?secret=x@h/", "amqp://u:secret?x@h",
    ]

    @Test(arguments: Self.refused)
    func `a wrong address is refused without repeating its password`(_ text: String) {
        let problem = #expect(throws: AMQPAddress.Problem.self) { try AMQPAddress(text) }
        #expect(problem?.description.contains("secret") == false)
        #expect(problem?.description.isEmpty == false)
    }
}
