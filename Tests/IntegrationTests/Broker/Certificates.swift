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
        try self.sign("server", subject: "localhost", extensions: "server.ext")
        try self.sign("client", subject: "guest", extensions: "client.ext")
    }

    /// Makes a client's certificate and its key.
    func client(_ name: String) throws { try self.sign(name, subject: name, extensions: "client.ext") }

    private func sign(_ name: String, subject: String, extensions: String) throws {
        try self.openssl("req -newkey rsa:2048 -nodes -subj /CN=\(subject) -keyout \(name).key -out \(name).csr")
        try self.openssl(
            "x509 -req -in \(name).csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
                + "-extfile \(extensions) -out \(name).pem"
        )
    }

    /// Signs a certificate anew so that it ended yesterday, with its key under the new name, too.
    func expire(_ name: String, as expired: String) throws {
        try FileManager.default.copyItem(atPath: self.path("\(name).key"), toPath: self.path("\(expired).key"))
        // `x509` counts from now on only; `ca` takes dates.
        try "".write(toFile: self.path("index.txt"), atomically: true, encoding: .utf8)
        try "01".write(toFile: self.path("serial"), atomically: true, encoding: .utf8)
        try """
        [ca]
        default_ca = any
        [any]
        database = index.txt
        serial = serial
        new_certs_dir = .
        default_md = sha256
        policy = any_subject
        [any_subject]
        commonName = supplied

        """.write(toFile: self.path("ca.cnf"), atomically: true, encoding: .utf8)
        try self.openssl(
            "ca -batch -config ca.cnf -cert ca.pem -keyfile ca.key -in \(name).csr -out \(expired).pem -notext "
                + "-extfile \(name).ext -startdate 20240101000000Z -enddate 20240102000000Z"
        )
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
