import Glibc

/// Answers that are none. The connection is of no use after them.
extension Conversation {
    func misbehave(_ behaviour: Behaviour) {
        switch behaviour {
        case .never: self.connection.ignore()
        case .drip:
            self.connection.send(Response.head(200, [("Content-Length", "1000000")]))
            self.drip([UInt8](repeating: UInt8(ascii: "."), count: 1_000_000))
        case .dripHeader:
            // Minutes of it, so that no limit of a test is longer.
            let padding = String(repeating: ".", count: 500)
            self.drip(Response.head(200, [("X-Padding", padding), ("Content-Length", "0")]))
        case .endlessBody:
            self.connection.send(Response.head(200, [("Transfer-Encoding", "chunked")]))
            self.repeatForEver(Array("4000\r\n".utf8) + [UInt8](repeating: 46, count: 0x4000) + Array("\r\n".utf8))
        case .endlessHeaders:
            self.connection.send(Array("HTTP/1.1 200 As Asked\r\n".utf8))
            self.repeatForEver(Array("X-Endless: \(String(repeating: ".", count: 100))\r\n".utf8))
        case .garbage:
            // Neither HTTP nor text.
            self.connection.send(Array("EVIL/6.6 \r\n".utf8) + Array(0...255))
        case .reset:
            self.connection.send(Response.head(200, [("Content-Length", "1000")]) + Array("ten bytes.".utf8))
            self.connection.resetOnClose()
        default:
            // The caller closes the connection.
            return
        }
    }

    private func drip(_ bytes: [UInt8]) {
        for byte in bytes {
            guard self.connection.send([byte]) else { return }
            pause(milliseconds: 1000)
        }
    }

    private func repeatForEver(_ bytes: [UInt8]) { while self.connection.send(bytes) {} }
}

/// Lets time go by: slowness is the behaviour here, nothing is waited for.
func pause(milliseconds: UInt32) {
    var time = timespec(tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
    // There are no signal handlers that could cut it short.
    nanosleep(&time, nil)
}
