/// What went wrong between Warren and the broker, in words for the person who runs it.
///
/// The description never holds a password: errors are made from the parts of an address that may be shown.
package struct BrokerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What the caller can do about it.
    package enum Kind: Sendable, Equatable {
        /// The broker does not answer, or the connection was lost: try again later.
        case unreachable
        /// Wrong user, password, virtual host or certificate: trying again does not help until somebody corrects it.
        case accessRefused
        /// An object exists with other properties than the ones wanted.
        case mismatch
        /// The queue does not allow this operation: it has a single active consumer.
        case locked
        /// The exchange or queue does not exist.
        case notFound
        /// The broker or the library answered something that the protocol does not allow here.
        case protocolViolation
        /// Warren closed the connection itself.
        case closed
    }

    package let kind: Kind
    /// What happened, where, and what to do.
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
