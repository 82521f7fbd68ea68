import Foundation
import PatientPolling

/// A private nginx that reads every request and answers 204: a very fast endpoint, so that the benchmark measures the
/// sender. Writes nothing outside the work directory, and needs no root.
///
/// It consists of two processes, a master and one that serves. A single process without a master would keep the signals
/// blocked that Dispatch blocks on its threads, including SIGTERM, and never end.
struct Nginx {
    private static let startLimit = Duration.seconds(10)
    let url: String
    /// The resource usage of the process that serves.
    let usage: ProcessUsage
    private let master: Process

    /// The path of the executable. Debian installs it in a directory that is not in every user's path.
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

        let master = Process()
        master.executableURL = URL(fileURLWithPath: executable)
        master.arguments = ["-p", "\(home)/", "-c", "\(home)/nginx.conf"]
        master.standardOutput = FileHandle.nullDevice
        master.standardError = errors
        try master.run()
        do {
            let worker = try await Self.worker(of: master, log: log)
            return Nginx(url: "http://127.0.0.1:\(port)/hooks", usage: worker, master: master)
        } catch {
            Self.end(master)
            throw error
        }
    }

    /// Stops both processes at once, without waiting for open connections, and waits until they have exited.
    func stop() { Self.end(self.master) }

    private static func end(_ master: Process) {
        if master.isRunning { master.terminate() }
        master.waitUntilExit()
    }

    /// Waits until the serving process exists. The master starts it once it listens.
    private static func worker(of master: Process, log: String) async throws -> ProcessUsage {
        try await poll(for: "nginx", every: .milliseconds(10), within: self.startLimit) {
            guard master.isRunning else {
                let reason = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
                throw BenchError("nginx ended at its start: \(reason)")
            }
            return ProcessUsage(pid: master.processIdentifier).children.first.map(ProcessUsage.init)
        }
    }

    /// Paths are relative to the directory that nginx is started with. All temporary paths must be set, because nginx
    /// creates those directories at startup, by default where only root may.
    private static func configuration(port: Int) -> String {
        """
        daemon off;
        worker_processes 1;
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
