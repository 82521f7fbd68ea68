import Glibc

/// Accepts connections, each for a thread of its own.
struct HTTPServer {
    private let journal: Journal
    private let tally = Tally()

    init(journal: Journal) { self.journal = journal }

    /// Serves until the process is killed.
    func serve(_ address: IPv4Address, port: UInt16) -> Never {
        let listener = address.boundSocket(SOCK_STREAM, port: port)
        guard listen(listener, 1024) == 0 else { EvilEndpoint.giveUp("listen") }
        EvilEndpoint.announce(port: IPv4Address.port(of: listener))
        var number = 0
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else {
                // The peer was gone before it was its turn.
                if errno == ECONNABORTED || errno == EINTR { continue }
                EvilEndpoint.giveUp("accept")
            }
            number += 1
            ConnectionThread.start { [number, journal = self.journal, tally = self.tally] in
                Conversation(Connection(descriptor), number: number, journal: journal, tally: tally).run()
            }
        }
    }
}
