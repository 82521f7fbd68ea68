internal import Messaging

/// Why a private broker could not be started, restarted or controlled.
///
/// `warren dev` prints the description and ends; nothing here is retried by the runtime.
package enum LocalBrokerError: Error, Equatable, Sendable {
    /// No `rabbitmq-server` was found in any of the places searched.
    case notInstalled(searched: [String])
    /// The data directory cannot be created, written or locked; the reason is the system's.
    case unusableDirectory(path: String, reason: String)
    /// Another private broker holds the data directory.
    case directoryInUse(path: String)
    /// Another process listens on the requested AMQP port.
    case portInUse(Int)
    /// No free port was found on the loopback interface.
    case noFreePort
    /// The node ended before it accepted connections; `log` is the tail of its log.
    case exited(log: String)
    /// The node did not accept connections within the deadline; `log` is the tail of its log.
    case notReady(within: Duration, log: String)
    /// The task that started the broker was cancelled; the node is gone.
    case cancelled
    /// The broker was stopped, or its node is down.
    case notRunning
    /// `rabbitmqctl` failed, or was ended by the time limit or by cancellation (`status` is `nil`). `output` is what it
    /// printed.
    case control(arguments: [String], status: Int32?, output: String)
    /// A process could not be started.
    case system(call: String, reason: String)
}

extension LocalBrokerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notInstalled(let searched):
            "rabbitmq-server not found in \(searched.joined(separator: ", ")); "
                + "install it with: apt-get install rabbitmq-server"
        case .unusableDirectory(let path, let reason):
            "cannot keep a broker's data in \(path): \(reason); give a directory that belongs to this user alone"
        case .directoryInUse(let path):
            "another private broker runs on \(path); stop it, or give another data directory"
        case .portInUse(let port):
            "port \(port) of 127.0.0.1 is in use; choose another port, or leave it out to get a free one"
        case .noFreePort:
            "no free port on 127.0.0.1 for a private broker"
        case .exited(let log):
            "the private RabbitMQ node ended while starting; the end of its log:\n\(log)"
        case .notReady(let limit, let log):
            "the private RabbitMQ node accepted no connection within \(limit.words); the end of its log:\n\(log)"
        case .cancelled:
            "the start of the private RabbitMQ node was cancelled"
        case .notRunning:
            "the private RabbitMQ node is not running"
        case .control(let arguments, let status, let output):
            "rabbitmqctl \(arguments.first ?? "") \(status.map { "ended with \($0)" } ?? "was ended early"): "
                + output
        case .system(let call, let reason):
            "\(call) failed: \(reason)"
        }
    }
}
