import FoundationEssentials

/// The names by which the host knows its machine, its process and its environment.
enum HostName {
    /// The value of the header `warren-host` on copies that this host makes.
    static let current = "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)"

    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// A variable of the environment; nil when it is not set or empty.
    static func variable(_ name: String) -> String? { self.environment[name].flatMap { $0.isEmpty ? nil : $0 } }
}
