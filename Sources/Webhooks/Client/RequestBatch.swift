import EventLoops
import Invoking

/// Invocations of one webhook whose requests are still to be composed.
struct RequestBatch: Sendable {
    let terms: RequestTerms
    let invocations: [Invocation]

    /// For a batch that comes too late.
    var refusals: [Reply] { self.invocations.map { .refusal(of: $0.id.rawValue, to: self.terms.replyTo) } }
}

/// What is the same for all requests of a batch.
struct RequestTerms: Sendable {
    let composer: RequestComposer
    let token: AccessToken?
    let route: HTTPRoute
    /// As in `HTTPRequest`.
    let excerptLimit: Int
    /// Gets what becomes of each.
    let replyTo: Mailbox<[ClientReport]>

    func compose(_ invocation: Invocation) throws(Undeliverable) -> HTTPRequest {
        let (headers, body) = try self.composer.compose(invocation, self.token)
        return HTTPRequest(
            id: invocation.id.rawValue,
            route: self.route,
            headers: headers,
            body: body,
            excerptLimit: self.excerptLimit,
            replyTo: self.replyTo
        )
    }
}

extension RequestBatch {
    /// Composes one after the other and reports each at once, however long the next one takes.
    func composeAndReport() {
        for invocation in self.invocations {
            do throws(Undeliverable) {
                self.terms.replyTo.send([.composed(try self.terms.compose(invocation))])
            } catch {
                self.terms.replyTo.send([.notComposed(invocation.id, error)])
            }
        }
    }
}
