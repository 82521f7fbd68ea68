import Deployments
import EventLoops
import Manifests
import Messaging
import Topology

@testable import Processing

/// A runtime's state without anything that it drives: the test says what happened and hears what is to be done.
struct StateUnderTest {
    static let unreachable = BrokerError(.unreachable, "nobody answers")
    static let mismatch = BrokerError(.mismatch, "it exists with other arguments")

    private(set) var state: RuntimeState
    private let now = Moment(instant: .now, milliseconds: 0)

    init(waysBackInterval: Duration? = nil) {
        self.state = RuntimeState(names: Rig.names, waysBackInterval: waysBackInterval)
    }

    mutating func actions(_ event: RuntimeEvent) -> [RuntimeAction] {
        var actions: [RuntimeAction] = []
        self.state.handle(event, at: self.now, &actions)
        return actions
    }

    /// - Returns: what is to be done, in words.
    mutating func hear(_ event: RuntimeEvent) -> [String] { self.actions(event).map(\.words) }

    mutating func apply(_ manifests: FunctionManifest...) -> [String] {
        self.hear(.apply(.test(manifests), settled: true, retryingRejected: false))
    }

    /// Starts, and gets all declared.
    mutating func run(_ manifests: FunctionManifest...) {
        _ = self.hear(.start(.test(manifests)))
        _ = self.hear(.declared(.shared, nil))
        for manifest in manifests { _ = self.hear(.declared(.consumer(.test(manifest)), nil)) }
    }

    /// What the broker says of the queue of a function that is there.
    mutating func inspected(
        _ key: ConsumerKey,
        ready: Int = 0,
        consumers: Int = 1,
        _ facts: PipelineFacts = PipelineFacts(hasWorkers: true, isConsuming: true, hasNothingToDo: true)
    ) -> [String] {
        let inspection = QueueInspection(readyMessages: ready, consumers: consumers)
        return self.hear(.inspected(.consumer(key), .success(inspection), facts))
    }
}

extension ConsumerKey {
    static func test(_ name: String, queue: String? = nil) -> ConsumerKey {
        ConsumerKey(name: name, queue: queue ?? "t.\(name)")
    }

    static func test(_ manifest: FunctionManifest) -> ConsumerKey {
        ResolvedManifest.test(manifest).consumers[0].key(namespace: Rig.names.namespace)
    }
}
