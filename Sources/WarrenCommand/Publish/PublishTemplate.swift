import ArgumentParser
import EventLoops
import FoundationEssentials
import Manifests
import Messaging
import Processing
import Topology

/// What all events of one `warren publish` have in common.
///
/// With `--content-type application/cloudevents+json` the payload is an envelope, and the envelope is the event: its id
/// is the one that is printed, and the message's properties repeat what it says. An option that is given (`--id`,
/// `--type`, `--source`, `--subject`, `--correlation-id`) is written into it. A payload that no consumer could read as
/// an envelope is not published.
struct PublishTemplate: Sendable {
    let key: String
    let exchange: String
    let delay: Duration?
    let copies: CopyBuilder
    /// A message without a payload. Each event's message is a copy of it with its own id, time and payload.
    let prototype: OutgoingMessage
    private let isStructured: Bool
    /// The attributes that options name.
    private let given: [EventReader.Attribute: String]

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
            source: command.source ?? Self.source,
            timeMilliseconds: 0,
            payload: []
        )
        event.contentType = command.contentType
        event.correlationID = command.correlationID
        event.subject = command.subject
        event.headers = try Self.headers(command.headers)
        self.isStructured = MediaType.isEnvelope(command.contentType)
        self.given = [
            .id: command.id, .type: command.type, .source: command.source, .subject: command.subject,
            .correlationID: command.correlationID,
        ].compactMapValues { $0 }
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
        var names: Set<String> = []
        return try pairs.map { pair in
            guard let mark = pair.firstIndex(of: "="), mark != pair.startIndex else {
                throw ValidationError("--header must be name=value; '\(pair)' is not")
            }
            let name = String(pair[..<mark])
            guard name.utf8.count <= 255 else { throw ValidationError("a header's name must have at most 255 bytes") }
            guard names.insert(name).inserted else { throw ValidationError("--header: '\(name)' is given twice") }
            return (name, String(pair[pair.index(after: mark)...]))
        }
    }

    /// The publisher's name when neither an option nor an envelope gives one.
    static let source = "warren-publish"

    /// Makes the message for one event.
    ///
    /// - Parameter newID: the event's id when neither `--id` nor an envelope gives one.
    /// - Returns: the event's id, and the message.
    /// - Throws: a `ValidationError` for a payload that should be an envelope and is none.
    func event(payload: ArraySlice<UInt8>, newID: () -> String) throws -> (id: String, message: OutgoingMessage) {
        var message = self.prototype
        message.body = payload
        let envelope = self.isStructured ? try self.structure(&message) : nil
        let id = self.given[.id] ?? envelope?[.id] ?? newID()
        message.properties.messageID = id
        message.properties.correlationID = self.given[.correlationID] ?? envelope?[.correlationID] ?? id
        let now = WallClock.system.milliseconds
        message.properties.timestamp = UInt64(clamping: now / 1000)
        guard let delay = self.delay else { return (id, message) }
        return (id, self.copies.scheduled(message, after: delay, now: now).message)
    }

    /// Writes the given attributes into the envelope, and what the envelope says into the properties.
    private func structure(_ message: inout OutgoingMessage) throws -> EnvelopeAttributes {
        do {
            var attributes = try EventEnvelope(message.body).attributes
            if !self.given.isEmpty {
                message.body = try EventEnvelope.setting(self.given, in: message.body)[...]
                guard message.body.count <= InputFile.largestPayload else { throw InputFile.tooLarge }
                attributes = try EventEnvelope(message.body).attributes
            }
            // An envelope may say more than fits into a property. A reader takes it from the envelope.
            func property(_ attribute: EventReader.Attribute) -> String? {
                attributes[attribute].flatMap { ShortText.fits($0) ? $0 : nil }
            }
            message.properties.type = property(.type) ?? message.properties.type
            message.properties.appID = property(.source) ?? message.properties.appID
            return attributes
        } catch let refusal as EventReader.Refusal {
            throw ValidationError("the payload is no CloudEvent in structured mode: \(refusal.reason)")
        }
    }
}
