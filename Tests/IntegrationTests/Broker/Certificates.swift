import Foundation

/// A certificate authority and what it has signed, made by the `openssl` command in a directory of its own.
struct Certificates {
    let directory: String

    /// The authority, the server's certificate for `localhost`, a client's, and another authority that signed nothing.
    init(in directory: String) throws {
        self.directory = directory
        for authority in ["ca", "other"] {
            try self.openssl(
                "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=\(authority) -keyout \(authority).key "
                    + "-out \(authority).pem"
            )
        }
        try "subjectAltName=DNS:localhost\n".write(
            toFile: self.path("server.ext"),
            atomically: true,
            encoding: .utf8
        )
        try "keyUsage=digitalSignature\n".write(toFile: self.path("client.ext"), atomically: true, encoding: .utf8)
        for (name, subject) in [("server", "localhost"), ("client", "guest")] {
            try self.openssl("req -newkey rsa:2048 -nodes -subj /CN=\(subject) -keyout \(name).key -out \(name).csr")
            try self.openssl(
                "x509 -req -in \(name).csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
                    + "-extfile \(name).ext -out \(name).pem"
            )
        }
    }

    func path(_ file: String) -> String { "\(self.directory)/\(file)" }

    private struct Failed: Error {
        let arguments: String
    }

    private func openssl(_ arguments: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = URL(fileURLWithPath: self.directory)
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(arguments: arguments) }
    }
}
