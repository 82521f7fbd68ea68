import FoundationEssentials

/// The names by which the host knows its machine, its process and its environment.
enum HostName {
    /// The value of the header `warren-host` on copies that this host makes.
    static let current = "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)"

    static var environment: [String: String] { ProcessInfo.processInfo.environment }
}
