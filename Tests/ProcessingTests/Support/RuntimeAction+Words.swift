import Deployments
import Messaging

@testable import Processing

extension RuntimeAction {
    /// What is done to what, in a few words: a consumer is called by its queue.
    var words: String {
        switch self {
        case .add(let key, _, _): "add \(key.queue)"
        case .change(let key, _, _): "change \(key.queue)"
        case .cancelChange(let key): "cancel change of \(key.queue)"
        case .commitChange(let key): "commit change of \(key.queue)"
        case .topologyIsReady(let key): "\(key.queue) is ready"
        case .topologyFailed(let key, _): "\(key.queue) has failed"
        case .observe(let key, _): "observe \(key.queue)"
        case .reconsider(let key): "reconsider \(key.queue)"
        case .drain(let key): "drain \(key.queue)"
        case .forget(let key): "forget \(key.queue)"
        case .declare(let part): "declare \(part.words)"
        case .inspect(_, let queue): "inspect \(queue)"
        case .remove(let removals, let key): "unbind \(removals.map(\.words).joined(separator: ", ")) from \(key.queue)"
        case .removeQueue(_, let key): "remove queue \(key.queue)"
        case .startRelay: "start relay"
        case .drainRelay: "drain relay"
        case .abandonRelay: "abandon relay"
        case .drainSettler: "drain settler"
        case .closeIntake: "close intake"
        case .arm(let timer, _): "arm \(timer.words)"
        case .note(let note): "note \(note.words)"
        }
    }

    /// The consumer whose pipeline it is about; none for what is asked of the broker or of a clock, whose answers may
    /// come when the consumer has gone.
    var pipeline: ConsumerKey? {
        switch self {
        case .change(let key, _, _), .cancelChange(let key), .commitChange(let key), .topologyIsReady(let key),
            .topologyFailed(let key, _), .observe(let key, _), .reconsider(let key), .drain(let key), .forget(let key),
            .remove(_, let key), .removeQueue(_, let key):
            key
        case .inspect(let part, _), .declare(let part): part.consumer
        case .add, .startRelay, .drainRelay, .abandonRelay, .drainSettler,
            .closeIntake, .arm, .note:
            nil
        }
    }
}

extension TopologyPart {
    var words: String {
        switch self {
        case .shared: "shared"
        case .waysBack: "ways back"
        case .delayLevel(let level): "delay level \(level)"
        case .consumer(let key): key.queue
        case .change(let key, _): "change of \(key.queue)"
        }
    }

    var consumer: ConsumerKey? {
        switch self {
        case .shared, .waysBack, .delayLevel: nil
        case .consumer(let key), .change(let key, _): key
        }
    }
}

extension RuntimeTimer {
    fileprivate var words: String {
        switch self {
        case .watch: "watch"
        case .waysBack: "ways back"
        case .secondLook(let key): "second look at \(key.queue)"
        case .move(let key): "move of \(key.queue)"
        case .declare(let part): "declare \(part.words)"
        case .abandonRelay: "abandon relay"
        }
    }
}

extension RuntimeNote {
    fileprivate var words: String {
        switch self {
        case .reload: "reload"
        case .switching(let key): "switching \(key.queue)"
        case .switched(let key): "switched \(key.queue)"
        case .moving(let key, let queues): "moving \(key.queue) to \(queues.joined(separator: ", "))"
        case .moveIsUnfinished(let key, let isUnbound): "move of \(key.queue) is unfinished, \(isUnbound)"
        case .cannotDeclareShared: "cannot declare shared"
        case .cannotDeclareWaysBack: "cannot declare ways back"
        case .cannotDeclareChange(let key, _): "cannot declare change of \(key.queue)"
        }
    }
}

extension Removal {
    fileprivate var words: String {
        switch self {
        case .binding(let binding): binding.routingKey
        case .queue(let queue): queue
        }
    }
}
