import Messaging
import SeededGeneration

/// An event for the function `account`: all that its message says.
struct ChaosEvent {
    /// What tells it from all others, as far as anything does.
    struct Identity: Hashable, CustomStringConvertible {
        let source: String
        /// Empty when the publisher gave none.
        let id: String
        let content: String

        private static let noSource = "unknown"

        /// It tells the event from all others (CloudEvents 1.0, section 3.1).
        var isComplete: Bool { self.source != Self.noSource && !self.id.isEmpty }

        init(source: String?, id: String?, content: String) {
            self.source = source ?? Self.noSource
            self.id = id.flatMap { $0.hasPrefix(EventAttributes.generatedPrefix) ? nil : $0 } ?? ""
            self.content = content
        }

        var description: String { "\(self.source)/\(self.id)/\(self.content)" }
    }

    var id: String?
    var source: String?
    let content: String
    /// How long a run takes.
    var milliseconds: Int
    /// How many attempts fail.
    var failures: Int
    /// Milliseconds; nil when it lives for ever.
    var expiration: Int?
    var isCompressed: Bool
    /// In this order.
    var headers: [(String, FieldValue)]

    var identity: Identity { Identity(source: self.source, id: self.id, content: self.content) }

    /// Whether its time may be over before it is handled.
    var mayExpire: Bool { self.expiration.map { $0 < 60_000 } ?? false }

    /// The header that says what the event's body does, for who does not read bodies.
    static let contentHeader = "my-content"

    func message(for bed: TestBed) -> OutgoingMessage {
        let body =
            #"{"content":"\#(self.content)","milliseconds":\#(self.milliseconds),"failures":\#(self.failures)}"#
        var message = bed.event(body, id: self.id, source: self.source, headers: FieldTable(self.headers))
        message.properties.expiration = self.expiration.map(String.init)
        if self.isCompressed {
            message.body = StoredGzip.bytes(Array(body.utf8))[...]
            message.properties.contentEncoding = "gzip"
        }
        return message
    }
}

extension ChaosEvent {
    /// Events of all kinds, in the order in which they are published.
    ///
    /// - Parameters:
    ///   - count: at least so many.
    ///   - batch: makes their ids and contents differ from those of other batches.
    static func batch(_ batch: Int, count: Int, using random: inout SeededGenerator) -> [ChaosEvent] {
        var events: [ChaosEvent] = []
        while events.count < count {
            let event = Self.event("\(batch)-\(events.count)", using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<2: events += event.fromSeveralSources
            case 2..<4: events += event.equals(Int.random(in: 2...4, using: &random), withID: .random(using: &random))
            default: events.append(event)
            }
        }
        return events
    }

    private static func event(_ name: String, using random: inout SeededGenerator) -> ChaosEvent {
        let isMarred = Int.random(in: 0..<3, using: &random) == 0
        let expiration: Int? =
            switch Int.random(in: 0..<10, using: &random) {
            case 0: Int.random(in: 1...1500, using: &random)
            case 1: 3_600_000
            default: nil
            }
        return ChaosEvent(
            id: "e-\(name)",
            source: "shop",
            content: "c-\(name)",
            milliseconds: Int.random(in: 20...120, using: &random),
            failures: isMarred ? Int.random(in: 1...2, using: &random) : 0,
            expiration: expiration,
            isCompressed: Int.random(in: 0..<5, using: &random) == 0,
            headers: Self.headers("c-\(name)", using: &random)
        )
    }

    private static func headers(
        _ content: String,
        using random: inout SeededGenerator
    ) -> [(String, FieldValue)] {
        let all: [(String, FieldValue)] = [
            ("zone", .string("north")), ("a-number", .integer(-7)), ("x-flag", .boolean(true)),
            ("nested", .table(["b": .integer(1)])), ("B-list", .array([.string("z"), .string("a")])),
        ]
        let some = all.shuffled(using: &random).prefix(Int.random(in: 0...all.count, using: &random))
        return ([(Self.contentHeader, .string(content))] + some).shuffled(using: &random)
    }

    /// The same from several sources: all of them differ in nothing but their source.
    private var fromSeveralSources: [ChaosEvent] {
        ["shop", "web", "store"].map { source in
            var event = self
            event.source = source
            return event
        }
    }

    /// Messages that are equal in all they say, and have no identity: without an id, or with one and without a source.
    /// They live for ever, so that each of them has to run.
    private func equals(_ count: Int, withID: Bool) -> [ChaosEvent] {
        var event = self
        event.source = nil
        event.expiration = nil
        if !withID { event.id = nil }
        return Array(repeating: event, count: count)
    }
}
