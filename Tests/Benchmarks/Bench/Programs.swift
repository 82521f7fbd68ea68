import Foundation

/// The executables that are measured, which are in the same directory as this one.
struct Programs {
    private let directory: String

    init() {
        let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        self.directory = executable.deletingLastPathComponent().path
    }

    var bundles: String { self.directory }

    private func process(_ name: String, _ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(self.directory)/\(name)")
        process.arguments = arguments
        return process
    }

    /// Starts a program and discards its output.
    func start(_ name: String, _ arguments: [String]) throws -> Process {
        let process = self.process(name, arguments)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Runs a program to its end and returns what it printed. Blocks.
    func run(_ name: String, _ arguments: [String]) throws -> String {
        let process = self.process(name, arguments)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchError("\(name) ended with exit code \(process.terminationStatus)")
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// Runs one of the bare programs, which print a JSON object.
    func report(_ name: String, _ arguments: [String]) throws -> BareReport {
        try JSONDecoder().decode(BareReport.self, from: Data(try self.run(name, arguments).utf8))
    }
}

/// The report that the bare programs print.
struct BareReport: Decodable {
    let events: Int
    let seconds: Double
    let cpuUserMicroseconds: Double
    let cpuSystemMicroseconds: Double
    let maximumResidentKiB: Double
    let p50Microseconds: Double?
    let p99Microseconds: Double?
    let connections: Int?

    var rate: Double { Double(self.events) / self.seconds }
    var cpuPerEvent: Double { (self.cpuUserMicroseconds + self.cpuSystemMicroseconds) / Double(self.events) }

    private enum CodingKeys: String, CodingKey {
        case events
        case seconds
        case cpuUserMicroseconds = "cpu_user_us"
        case cpuSystemMicroseconds = "cpu_system_us"
        case maximumResidentKiB = "max_rss_kib"
        case p50Microseconds = "p50_us"
        case p99Microseconds = "p99_us"
        case connections
    }
}

struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
