import Foundation
import Waiting

/// nginx with encryption on loopback: a real HTTPS server, with a log of what came.
struct SecureEndpoint: Sendable {
    let port: Int
    private let log: GrowingFile<String>

    fileprivate init(port: Int, log: String) {
        self.port = port
        self.log = GrowingFile(log) { $0 }
    }

    /// A line a request: `HTTP/2.0 e-1 CN=guest`.
    var requests: [String] { self.log.lines }
    var url: String { "https://localhost:\(self.port)/hooks" }
}

extension TestBed {
    /// - Parameters:
    ///   - certificate: of the server, in the certificates' directory.
    ///   - settings: further lines of nginx's configuration.
    func secureEndpoint(
        _ certificates: Certificates,
        certificate: String = "server",
        _ settings: String = ""
    ) async throws -> SecureEndpoint {
        let port = try FreePort.next()
        let directory = "\(self.directory)/nginx-\(port)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let configuration = """
            daemon off;
            master_process off;
            pid \(directory)/pid;
            error_log \(directory)/error.log;
            events {}
            http {
                log_format seen '$server_protocol $http_webhook_id $ssl_client_s_dn';
                access_log \(directory)/access.log seen;
                client_body_temp_path \(directory)/body;
                proxy_temp_path \(directory)/proxy;
                fastcgi_temp_path \(directory)/fastcgi;
                uwsgi_temp_path \(directory)/uwsgi;
                scgi_temp_path \(directory)/scgi;
                server {
                    listen 127.0.0.1:\(port) ssl http2;
                    ssl_certificate \(certificates.path("\(certificate).pem"));
                    ssl_certificate_key \(certificates.path("\(certificate).key"));
                    \(settings)
                    location / { return 204; }
                }
            }

            """
        try configuration.write(toFile: "\(directory)/nginx.conf", atomically: true, encoding: .utf8)
        let places = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"]
        let nginx = places.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "nginx"
        let process = try self.start(
            command: [nginx, "-e", "\(directory)/error.log", "-c", "\(directory)/nginx.conf"],
            name: "nginx"
        )
        try await wait(for: "nginx", found: { process.errors }) {
            FileManager.default.fileExists(atPath: "\(directory)/pid")
        }
        return SecureEndpoint(port: port, log: "\(directory)/access.log")
    }
}
