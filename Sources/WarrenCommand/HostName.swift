import FoundationEssentials

/// What the host knows of the machine and process it runs in.
enum HostName {
    /// Written as `warren-host` on the copies that this host makes.
    static let current = "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)"

    static var environment: [String: String] { ProcessInfo.processInfo.environment }
}
