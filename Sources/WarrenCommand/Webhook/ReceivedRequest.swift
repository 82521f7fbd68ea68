import EventLoops
import Messaging
import NIOCore
import NIOHTTP1
import Processing
import Webhooks

/// A received HTTP request.
struct ReceivedRequest: Sendable {
    let method: String
    let path: String
    /// Header values by lowercase name. Values of repeated headers are joined.
    let headers: [String: String]
    let body: [UInt8]

    init(_ request: NIOHTTPServerRequestFull) {
        self.method = request.head.method.rawValue
        self.path = request.head.uri
        self.headers = Dictionary(request.head.headers.map { ($0.name.lowercased(), $0.value) }) { "\($0), \($1)" }
        self.body = request.body.map { Array($0.readableBytesView) } ?? []
    }
}

/// Prints requests, and whether their signatures are valid.
struct ReceivedReport: Sendable {
    private struct Line: Encodable {
        let method: String
        let path: String
        let headers: [String: String]
        /// The body as text. Invalid UTF-8 is replaced with U+FFFD.
        let body: String
        let signature: String
        let answer: String
    }

    private static let longestBody = 2048

    let verifier: WebhookVerifier?
    let json: Bool

    func print(_ request: ReceivedRequest, _ answer: ReceiverAnswer) {
        let signature = self.signature(of: request)
        let body = String(decoding: request.body, as: UTF8.self)
        let words =
            switch answer {
            case .status(let status): "\(status)"
            case .never: "never"
            }
        guard !self.json else {
            return Terminal.print(
                json: Line(
                    method: request.method,
                    path: request.path,
                    headers: request.headers,
                    body: body,
                    signature: signature,
                    answer: words
                )
            )
        }
        let id = PrintableText.word(request.headers["webhook-id"] ?? "none")
        let type = request.headers["ce-type"].map { " type=\(PrintableText.word($0))" } ?? ""
        let target = "\(PrintableText.line(request.method)) \(PrintableText.line(request.path))"
        let shown = body.prefix(bytes: Self.longestBody)
        Terminal.print(
            "\(target) id=\(id)\(type) signature=\(signature) answer=\(words)\n"
                + "  \(PrintableText.block(shown, indent: "  "))"
                + (shown.utf8.count < body.utf8.count ? "…" : "")
        )
    }

    private func signature(of request: ReceivedRequest) -> String {
        guard let verifier = self.verifier else {
            return request.headers[WebhookSigner.signatureHeader] == nil ? "none" : "unchecked"
        }
        do throws(WebhookVerifier.Problem) {
            try verifier.verify(
                id: request.headers[WebhookSigner.idHeader],
                timestamp: request.headers[WebhookSigner.timestampHeader],
                signature: request.headers[WebhookSigner.signatureHeader],
                body: request.body[...],
                now: WallClock.system.milliseconds / 1000
            )
            return "valid"
        } catch {
            return "not valid (\(error))"
        }
    }
}
