import Foundation

/// A private nginx that reads every request and answers 204: the quickest endpoint to be had, so that what is measured
/// is the delivering. Writes nothing outside the work directory, and needs no root.
///
/// One process serves, without a master: it is what is counted and what is stopped.
struct Nginx {
    private static let startLimit = Duration.seconds(10)
    let port: Int
    private let process: Process

    var url: String { "http://127.0.0.1:\(self.port)/hooks" }
    var usage: ProcessUsage { ProcessUsage(pid: self.process.processIdentifier) }

    /// Where the executable is; Debian has it in a directory that is not in everyone's path.
    static func find() throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let directories = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin"]
        let candidates = directories.map { "\($0)/nginx" }
        guard let executable = candidates.first(where: FileManager.default.isExecutableFile) else {
            throw BenchError("webhooks are measured against nginx, which is not there: install nginx-light")
        }
        return executable
    }

    static func start(in directory: WorkDirectory, port: Int) async throws -> Nginx {
        let executable = try Self.find()
        let home = "\(directory.path)/nginx-\(port)"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        try Self.configuration(port: port).write(toFile: "\(home)/nginx.conf", atomically: true, encoding: .utf8)
        let log = "\(home)/error.log"
        guard FileManager.default.createFile(atPath: log, contents: nil),
            let errors = FileHandle(forWritingAtPath: log)
        else { throw BenchError("cannot write \(log)") }
        defer { try? errors.close() }

        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = ["-p", "\(home)/", "-c", "\(home)/nginx.conf"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        let nginx = Nginx(port: port, process: process)
        do {
            try await nginx.waitUntilListening(pidFile: "\(home)/nginx.pid", log: log)
        } catch {
            nginx.stop()
            throw error
        }
        return nginx
    }

    /// Ends it at once, connections that are kept alive included, and waits for the end.
    func stop() {
        if self.process.isRunning { self.process.terminate() }
        self.process.waitUntilExit()
    }

    /// nginx writes its pid file when it listens.
    private func waitUntilListening(pidFile: String, log: String) async throws {
        _ = try await poll(every: .milliseconds(10), within: Self.startLimit, for: "nginx") { () -> Bool? in
            guard self.process.isRunning else {
                let reason = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
                throw BenchError("nginx ended at its start: \(reason)")
            }
            return FileManager.default.fileExists(atPath: pidFile) ? true : nil
        }
    }

    /// Paths are relative to the directory it is started with. The temporary ones have to be named, all of them: nginx
    /// makes them when it starts, by default where only root may.
    private static func configuration(port: Int) -> String {
        """
        daemon off;
        master_process off;
        pid nginx.pid;
        error_log stderr error;
        events { worker_connections 1024; }
        http {
            access_log off;
            client_body_temp_path client-body;
            proxy_temp_path proxy;
            fastcgi_temp_path fastcgi;
            uwsgi_temp_path uwsgi;
            scgi_temp_path scgi;
            keepalive_requests 1000000000;
            keepalive_timeout 1h;
            server {
                listen 127.0.0.1:\(port) backlog=1024;
                location / { return 204; }
            }
        }

        """
    }
}
