import NIOCore
import NIOHTTP1
import NIOPosix

/// A small HTTP server on loopback.
struct WebhookReceiver: Sendable {
    private typealias Connection = NIOAsyncChannel<NIOHTTPServerRequestFull, HTTPServerResponsePart>

    private let server: NIOAsyncChannel<Connection, Never>
    private let script: ReceiverScript
    private let report: ReceivedReport

    /// Starts listening. The port accepts connections when this returns.
    init(port: Int, script: ReceiverScript, report: ReceivedReport) async throws {
        self.script = script
        self.report = report
        self.server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        NIOHTTPServerRequestAggregator(maxContentLength: InputFile.largestPayload)
                    )
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
    }

    var port: Int { self.server.channel.localAddress?.port ?? 0 }

    /// Serves until the task is cancelled.
    func serve() async throws {
        try await self.server.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await connection in connections {
                    // A broken connection must not end the others.
                    group.addTask { try? await self.serve(connection) }
                }
            }
        }
    }

    private func serve(_ connection: Connection) async throws {
        try await connection.executeThenClose { requests, responses in
            for try await request in requests {
                let answer = self.script.next()
                self.report.print(ReceivedRequest(request), answer)
                guard case .status(let status) = answer else { continue }
                if self.script.delay > .zero { try await Task.sleep(for: self.script.delay) }
                try await responses.write(.head(self.head(status, request.head)))
                try await responses.write(.end(nil))
                guard request.head.isKeepAlive else { return }
            }
        }
    }

    private func head(_ status: Int, _ request: HTTPRequestHead) -> HTTPResponseHead {
        var headers = HTTPHeaders()
        if status != 204 { headers.add(name: "content-length", value: "0") }
        if let retryAfter = self.script.retryAfter, status == 429 || status == 503 {
            headers.add(name: "retry-after", value: retryAfter)
        }
        return HTTPResponseHead(
            version: request.version,
            status: HTTPResponseStatus(statusCode: status),
            headers: headers
        )
    }
}
