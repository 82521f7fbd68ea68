import FoundationEssentials
import Waiting

/// A real HTTP server in a process of its own, which does what a request's path says; see `Tests/EvilEndpoint`.
struct Endpoint: Sendable {
    /// A request as the endpoint got it.
    struct Request: Sendable, Decodable {
        /// On the clock that never jumps; the same for all processes.
        let milliseconds: Int
        /// Counted from 1.
        let connection: Int
        let method: String
        let path: String
        /// Names in lower case.
        let headers: [String: String]
        let body: Data

        var id: String { self.headers["webhook-id"] ?? "" }
        var text: String { String(decoding: self.body, as: UTF8.self) }
        subscript(header: String) -> String? { self.headers[header] }
    }

    let process: WarrenProcess
    let address: String
    let port: Int
    private let journal: GrowingFile<Request>

    fileprivate init(_ process: WarrenProcess, address: String, port: Int, journal: String) {
        self.process = process
        self.address = address
        self.port = port
        self.journal = GrowingFile(journal) { try? JSONDecoder().decode(Request.self, from: Data($0.utf8)) }
    }

    var requests: [Request] { self.journal.lines }

    func requests(_ path: String) -> [Request] { self.requests.filter { $0.path == path } }

    func url(_ path: String) -> String { "http://\(self.address):\(self.port)\(path)" }

    /// - Returns: all requests on the path, when the condition holds for them.
    @discardableResult
    func wait(
        for what: String,
        on path: String,
        until condition: ([Request]) -> Bool
    ) async throws -> [Request] {
        var requests: [Request] = []
        try await Waiting.wait(
            for: what,
            found: { "\(requests.count) requests, of: \(requests.suffix(5).map(\.id))" },
            until: {
                requests = self.requests(path)
                return condition(requests)
            }
        )
        return requests
    }

    /// Waits for so many requests.
    @discardableResult
    func requests(_ count: Int, on path: String) async throws -> [Request] {
        try await self.wait(for: "\(count) requests", on: path) { $0.count >= count }
    }
}

extension TestBed {
    /// Starts an endpoint on a free port.
    func endpoint(address: String = "127.0.0.1", port: Int = 0) async throws -> Endpoint {
        let journal = "\(self.directory)/endpoint-\(address)-\(UInt32.random(in: 0 ... .max))"
        let process = try self.start(["http", address, "\(port)", journal], program: "evil-endpoint")
        let listening = try await self.listening(process)
        return Endpoint(process, address: address, port: listening, journal: journal)
    }

    /// Waits until a program says on which port it listens.
    func listening(_ process: WarrenProcess) async throws -> Int {
        var port: Int?
        try await wait(for: "an endpoint", found: { process.errors }) {
            let line = process.output.split(whereSeparator: \.isNewline).first { $0.hasPrefix("listening ") }
            port = line.flatMap { Int($0.dropFirst("listening ".count)) }
            return port != nil
        }
        return port ?? 0
    }

    static let secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

    /// Writes the manifest of a webhook.
    ///
    /// - Parameter settings: further lines of YAML.
    func deployWebhook(_ name: String, _ url: String, keys: [String] = ["work"], _ settings: String = "") throws {
        let manifest = """
            apiVersion: warren/v1
            kind: Webhook
            name: \(name)
            url: \(url)
            events:
              exchange: \(self.exchange)
              keys: \(keys)
            \(settings)

            """
        try manifest.write(toFile: "\(self.manifests)/\(name).yaml", atomically: true, encoding: .utf8)
    }

    /// Starts a host that may deliver to this machine.
    func startDelivering(
        environment: [String: String] = [:],
        waitingFor message: String = "all functions are running"
    ) async throws -> HostProcess {
        try await self.startHost(
            arguments: ["--allow-network", "127.0.0.0/8"],
            environment: environment,
            waitingFor: message
        )
    }

    /// Puts a word into a file that an endpoint reads, all at once.
    func tell(_ file: String, _ word: String) throws {
        try word.write(toFile: file, atomically: true, encoding: .utf8)
    }
}

extension String {
    /// As one segment of a path.
    var segment: String { self.replacing("/", with: "%2F").replacing(":", with: "%3A") }
}
