import Foundation

/// `warren` as a user starts it: the executable beside this one.
enum Programs {
    /// - Parameter broker: handed over in the environment, as a password should be.
    static func warren(_ arguments: [String], broker: String) throws -> Process {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let executable = own.deletingLastPathComponent().appendingPathComponent("warren")
        guard FileManager.default.isExecutableFile(atPath: executable.path) else {
            throw DemoError("there is no executable 'warren' beside this one; build it with: make release")
        }
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["WARREN_BROKER": broker]) { $1 }
        return process
    }
}
