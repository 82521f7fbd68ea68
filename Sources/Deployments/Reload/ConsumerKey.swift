/// Names a running function to the reload: a manifest by its name and the queue that it consumes.
///
/// The queue is part of it because a consumer cannot be moved to another one: a manifest whose queue has changed is
/// one function that goes and another that comes, both with the same name.
package struct ConsumerKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let name: String
    package let queue: String

    package init(name: String, queue: String) {
        self.name = name
        self.queue = queue
    }

    package var description: String { "\(self.name) (queue \(self.queue))" }

    package static func < (one: Self, other: Self) -> Bool {
        (one.name, one.queue) < (other.name, other.queue)
    }
}
