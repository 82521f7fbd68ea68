import LocalBroker
import Logging

/// Restarts the private node of `warren dev` when it has died. The host reconnects on its own. The node keeps its data,
/// so everything that it had confirmed is still there.
struct NodeKeeper {
    let node: LocalBroker
    let logger: Logger

    private static let interval = Duration.seconds(1)
    /// The pause before a failed restart is tried again.
    private static let pause = Duration.seconds(10)

    /// Runs until its task is cancelled.
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
                    "the private RabbitMQ node could not be started; trying again",
                    metadata: ["reason": "\(error)"]
                )
            }
        } while await self.rest(Self.pause)
    }

    /// - Returns: false if the task was cancelled.
    private func rest(_ time: Duration) async -> Bool {
        do { try await Task.sleep(for: time) } catch { return false }
        return true
    }
}
