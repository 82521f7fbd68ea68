import LocalBroker
import Logging

/// Starts the private node of `warren dev` again when it has died. The host reconnects by itself, and the node's data
/// are kept: what it had confirmed is there.
struct NodeKeeper {
    let node: LocalBroker
    let logger: Logger

    private static let interval = Duration.seconds(1)
    /// Before a start that failed is tried again.
    private static let pause = Duration.seconds(10)

    /// Until its task is cancelled.
    func keep() async {
        while await self.rest(Self.interval) {
            if self.node.hasDied { await self.restart() }
        }
    }

    private func restart() async {
        self.logger.error(
            "the private RabbitMQ node has died; starting it again",
            metadata: ["log": "\(self.node.dataDirectory)/log/broker.log"]
        )
        repeat {
            do throws(LocalBrokerError) {
                try await self.node.restart()
                self.logger.notice("the private RabbitMQ node is back")
                return
            } catch {
                guard !Task.isCancelled else { return }
                self.logger.error(
                    "the private RabbitMQ node does not start; trying again",
                    metadata: ["reason": "\(error)"]
                )
            }
        } while await self.rest(Self.pause)
    }

    /// - Returns: false when the task is cancelled.
    private func rest(_ time: Duration) async -> Bool {
        do { try await Task.sleep(for: time) } catch { return false }
        return true
    }
}
