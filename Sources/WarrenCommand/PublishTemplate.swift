import ArgumentParser
import EventLoops
import FoundationEssentials
import Manifests
import Messaging
import Processing
import Topology

/// What all events of one `warren publish` have in common.
struct PublishTemplate: Sendable {
    let key: String
    let exchange: String
    let delay: Duration?
    let copies: CopyBuilder
    /// A message without a payload. Each event's message is a copy of it with its own id, time and payload.
    let prototype: OutgoingMessage
    private let correlationID: String?

    init(_ command: PublishCommand) throws {
        self.key = command.key
        self.exchange = command.exchange
        self.delay = try command.delay.map { try Self.duration($0, "--delay") }
        self.copies = CopyBuilder(
            names: TopologyNames(namespace: command.brokerOptions.namespace),
            host: HostName.current
        )
        var event = EventMessage(
            id: "",
            type: command.type ?? command.key,
            source: command.source,
            timeMilliseconds: 0,
            payload: []
        )
        event.contentType = command.contentType
        event.correlationID = command.correlationID
        event.subject = command.subject
        event.headers = try Self.headers(command.headers)
        self.correlationID = command.correlationID
        var prototype = event.message(exchange: command.exchange, routingKey: command.key)
        if let expires = command.expires {
            prototype.properties.expiration = "\(Int64(try Self.duration(expires, "--expires") / .milliseconds(1)))"
        }
        self.prototype = prototype
    }

    /// Checks everything that can be wrong with the options before anything is sent.
    static func check(_ command: PublishCommand) throws {
        try ShortText.check([
            ("the routing key", command.key), ("--type", command.type), ("--id", command.id),
            ("--source", command.source),
            ("--subject", command.subject), ("--correlation-id", command.correlationID),
            ("--content-type", command.contentType), ("--exchange", command.exchange),
        ])
        _ = try self.headers(command.headers)
        _ = try self.duration(command.timeout, "--timeout")
        if let expires = command.expires {
            guard try self.duration(expires, "--expires") <= self.longestLife else {
                throw ValidationError("--expires must be at most 49 days")
            }
        }
        if let delay = command.delay {
            guard try self.duration(delay, "--delay") <= DelayRoute.longest else {
                throw ValidationError("--delay must be at most 310 days")
            }
        }
    }

    /// The broker stores a time to live as 32 bits of milliseconds.
    private static let longestLife = Duration.milliseconds(Int64(UInt32.max))

    static func duration(_ text: String, _ option: String) throws -> Duration {
        do throws(ManifestDuration.Problem) {
            return try ManifestDuration.parse(text)
        } catch {
            throw ValidationError("\(option): \(error); write it like \(ManifestDuration.examples)")
        }
    }

    private static func headers(_ pairs: [String]) throws -> [(String, String)] {
        try pairs.map { pair in
            guard let mark = pair.firstIndex(of: "="), mark != pair.startIndex else {
                throw ValidationError("--header must be name=value; '\(pair)' is not")
            }
            let name = String(pair[..<mark])
            guard name.utf8.count <= 255 else { throw ValidationError("a header's name must have at most 255 bytes") }
            return (name, String(pair[pair.index(after: mark)...]))
        }
    }

    /// Makes the message for one event.
    func message(id: String, payload: ArraySlice<UInt8>) -> OutgoingMessage {
        var message = self.prototype
        message.properties.messageID = id
        message.properties.correlationID = self.correlationID ?? id
        let now = WallClock.system.milliseconds
        message.properties.timestamp = UInt64(clamping: now / 1000)
        message.body = payload
        guard let delay = self.delay else { return message }
        return self.copies.scheduled(message, after: delay, now: now).message
    }
}
