import Testing
import Waiting

/// Every misuse of the command line ends with 64 and says what to do instead.
@Suite(.hangGuard)
struct UsageTests {
    struct Misuse: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let says: String
        var input: [UInt8] = []
        var testDescription: String { self.arguments.map { String($0.prefix(40)) }.joined(separator: " ") }

        init(_ arguments: String..., says: String, input: [UInt8] = []) {
            self.arguments = arguments
            self.says = says
            self.input = input
        }
    }

    static let long = String(repeating: "a", count: 256)
    static let veryLong = String(repeating: "a", count: 70_000)

    static let misuses = [
        Misuse("frobnicate", says: "Unexpected argument 'frobnicate'"),
        Misuse("validate", "--colour", says: "Unknown option '--colour'"),
        Misuse("validate", "--namespace", "a/b", says: "--namespace: the name contains '/'"),
        Misuse("validate", "--namespace", "", says: "--namespace: the name is empty"),
        Misuse("plan", "--json=yes", says: "'--json' does not take any value"),
        Misuse("run", "--log-level", "loud", says: "--log-level: 'loud' is not one of trace, debug"),
        Misuse("run", "--broker", "http://h/", says: "--broker: a broker address begins with amqp:// or amqps://"),
        Misuse("dev", "--broker", "amqp://h/", "--port", "5672", says: "--data and --port are for a private node"),
        Misuse("dev", "--broker", "amqp://h/", "--data", "d", says: "--broker names a broker; leave one or the other"),
        Misuse("plan", "--namespace", "amq", says: "names that begin with 'amq.' are the broker's own"),
        Misuse("plan", "--namespace", "amq.x", says: "names that begin with 'amq.' are the broker's own"),
        Misuse("dev", "--port", "many", says: "'many' is invalid for '--port"),
        Misuse("dev", "--port", "0", says: "--port must be a number from 1 to 65535"),
        Misuse("dev", "--port", "99999", says: "--port must be a number from 1 to 65535"),
        Misuse("publish", says: "Missing expected argument '<key>'"),
        Misuse("publish", "", "--data", "{}", says: "the routing key must have 1 to 255 bytes"),
        Misuse("publish", Self.long, "--data", "{}", says: "the routing key must have 1 to 255 bytes"),
        Misuse("publish", "k", "--data", "{}", "--file", "f", says: "give --data or --file, not both"),
        Misuse("publish", "k", "--data", "{}", "--ndjson", says: "--ndjson reads --file or standard input"),
        Misuse("publish", "k", "--ndjson", "--id", "7", says: "--id names one event, and --ndjson publishes many"),
        Misuse("publish", "k", "--data", "{}", "--ids", says: "--ids requires --ndjson"),
        Misuse("publish", "k", "--data", "{}", "--id", Self.long, says: "--id must have 1 to 255 bytes"),
        Misuse("publish", "k", "--data", "{}", "--type", "", says: "--type must have 1 to 255 bytes"),
        Misuse("publish", "k", "--data", "{}", "--header", "colour", says: "--header must be name=value"),
        Misuse("publish", "k", "--header", "a=1", "--header", "a=2", says: "--header: 'a' is given twice"),
        Misuse("publish", "k", "--ndjson", "--ids", "--json", says: "--ids prints text and --json prints JSON"),
        Misuse("webhook", "listen", "--secret", "abc", says: "begins with none of 'whsec_', 'whpk_' and 'whsk_'"),
        Misuse("webhook", "listen", "--secret-file", "/nowhere", says: "/nowhere cannot be read: No such file"),
        Misuse("publish", "k", "--data", "{}", "--header", "=red", says: "--header must be name=value"),
        Misuse("publish", "k", "--data", "{}", "--header", "\(Self.long)=x", says: "name must have at most 255 bytes"),
        Misuse("publish", "k", "--data", "{}", "--delay", "5", says: "--delay: the duration has no unit"),
        Misuse("publish", "k", "--data", "{}", "--delay", "soon", says: "--delay: 'soon' is not a whole number"),
        Misuse("publish", "k", "--data", "{}", "--delay=-5s", says: "--delay: '-5s' is not a whole number"),
        Misuse("publish", "k", "--data", "{}", "--delay", "311d", says: "--delay must be at most 310 days"),
        Misuse("publish", "k", "--data", "{}", "--delay", "99999999999999999999d", says: "--delay: "),
        Misuse("publish", "k", "--data", "{}", "--timeout", "1 s", says: "--timeout: "),
        Misuse("publish", "k", "--file", "/nowhere/at/all", says: "/nowhere/at/all cannot be read: No such file"),
        Misuse("publish", "k", "--file", "/", says: "/ cannot be read: Is a directory"),
        Misuse("publish", "k", "--ndjson", "--file", "/", says: "/ cannot be read: Is a directory"),
        Misuse("publish", "k", says: "standard input is empty: give --data ''"),
        Misuse("publish", "k", says: "more than 16777216 bytes", input: [UInt8](repeating: 0x20, count: 16 << 20 | 1)),
        Misuse("invoke", says: "Missing expected argument '<function>'"),
        Misuse("invoke", "a/b/c", "--data", "{}", says: "a handler is written bundle/function, with one slash"),
        Misuse("invoke", "a/b", "--data", "{}", "--attempt", "0", says: "--attempt must be 1 or more"),
        Misuse("invoke", "a/b", "--data", "{}", "--key", Self.veryLong, says: "--key must have 1 to 255 bytes"),
        Misuse("invoke", "a/b", "--data", "{}", "--id", "", says: "--id must have 1 to 255 bytes"),
        Misuse("invoke", "a/b", "--data", "{}", "--file", "f", says: "give --data or --file, not both"),
        Misuse("invoke", "a/b", says: "more than 16777216 bytes", input: [UInt8](repeating: 0x20, count: 16 << 20 | 1)),
    ]

    @Test(arguments: Self.misuses)
    func `a misuse is told`(_ misuse: Misuse) async throws {
        let result = try await ObservedCommand.run(
            misuse.arguments,
            environment: ["WARREN_BROKER": "amqp://127.0.0.1:1/"],
            input: misuse.input
        )
        #expect(result.status == 64)
        #expect(result.text == "")
        #expect(result.errorText.contains(misuse.says), "\(result.errorText)")
    }

    static let badAddresses = [
        "nonsense", "amqp://guest:sesame@h:port/", "amqp://guest:sesame@h/?colour=red", "amqp://guest:ses%ame@h/",
        "amqp://guest:se/same@h/",
    ]

    @Test(arguments: Self.badAddresses)
    func `a bad broker address is refused without being repeated`(_ address: String) async throws {
        for command in [["run"], ["publish", "k", "--data", "{}"]] {
            let workshop = try Workshop()
            let file = "\(workshop.directory)/broker"
            try workshop.write("../broker", Array("\(address)\n".utf8))
            let given = [
                try await ObservedCommand.run(command + ["--broker", address]),
                try await ObservedCommand.run(command, environment: ["WARREN_BROKER": address]),
                try await ObservedCommand.run(command, environment: ["WARREN_BROKER_FILE": file]),
            ]
            for (result, origin) in zip(given, ["--broker: ", "WARREN_BROKER: ", "\(file): "]) {
                #expect(result.status == 64)
                #expect(result.errorText.contains(origin), "\(result.errorText)")
                for secret in ["sesame", "ses%ame", "se/same"] {
                    #expect(!(result.text + result.errorText).contains(secret))
                }
            }
        }
    }

    @Test
    func `a broker file that cannot be read is named`() async throws {
        let result = try await ObservedCommand.run(["run"], environment: ["WARREN_BROKER_FILE": "/nowhere/broker"])
        #expect(result.status == 64)
        #expect(result.errorText.contains("WARREN_BROKER_FILE: the file /nowhere/broker cannot be read: No such file"))
    }
}
