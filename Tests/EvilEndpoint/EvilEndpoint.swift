import Glibc

/// A server that misbehaves, for tests of webhooks: one for HTTP and one for names.
///
/// It is written on bare sockets, because an HTTP library would refuse to send most of what it has to send.
@main
struct EvilEndpoint {
    static func main() {
        // A peer that hangs up in the middle of an answer is everyday life here.
        signal(SIGPIPE, SIG_IGN)
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let address = IPv4Address(arguments[2]), let port = UInt16(arguments[3]) else {
            Self.explain()
        }
        switch arguments[1] {
        case "http": HTTPServer(journal: Journal(path: arguments[4])).serve(address, port: port)
        case "dns": NameServer(table: NameTable(path: arguments[4])).serve(address, port: port)
        default: Self.explain()
        }
    }

    /// Says where the server is, for a test that has asked for any free port.
    static func announce(port: UInt16) {
        print("listening \(port)")
        fflush(nil)
    }

    /// Ends the process when it cannot do what a test relies on: better no server than one that lies.
    static func giveUp(_ reason: String) -> Never {
        self.complain("\(reason): \(String(cString: strerror(errno)))")
        exit(71)
    }

    static func complain(_ text: String) {
        let line = Array("evil-endpoint: \(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }

    private static func explain() -> Never {
        self.complain("call it as 'http ADDRESS PORT JOURNAL' or 'dns ADDRESS PORT FILE'")
        exit(64)
    }
}
