import EventLoops
import Invoking

/// Invocations of one webhook whose requests are yet to be composed.
struct RequestBatch: Sendable {
    let terms: RequestTerms
    let invocations: [Invocation]

    /// The answers to a batch that arrives after the client has been stopped.
    var refusals: [Reply] { self.invocations.map { .refusal(of: $0.id.rawValue, to: self.terms.replyTo) } }
}

/// What all requests of a batch have in common.
struct RequestTerms: Sendable {
    let composer: RequestComposer
    let token: AccessToken?
    let route: HTTPRoute
    /// As in `HTTPRequest`.
    let excerptLimit: Int
    /// The mailbox that gets the report about each request.
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
    /// Composes the requests one by one, and reports each at once, however long the next one takes.
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
