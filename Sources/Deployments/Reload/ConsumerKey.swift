import Manifests

/// Names a running consumer to the reload: the name of its manifest, its partition, and the queue that it consumes.
///
/// The queue is part of it because a consumer cannot be moved to another one: when the queue of a manifest changes, one
/// consumer goes and another one comes, both with the same name and partition.
package struct ConsumerKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let name: String
    /// `nil` when the manifest has one consumer, which takes all of its events.
    package let partition: Int?
    package let queue: String

    package init(name: String, partition: Int? = nil, queue: String) {
        self.name = name
        self.partition = partition
        self.queue = queue
    }

    package var description: String { "\(self.label) (queue \(self.queue))" }

    /// As `ConsumerManifest.label`.
    var label: String { ConsumerManifest.label(self.name, partition: self.partition) }

    package static func < (one: Self, other: Self) -> Bool {
        (one.name, one.partition ?? -1, one.queue) < (other.name, other.partition ?? -1, other.queue)
    }
}
