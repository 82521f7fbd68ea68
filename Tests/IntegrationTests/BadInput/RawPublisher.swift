import AMQP
import Glibc
import Messaging

/// Publishes bytes as they are, one confirmed message after the other, with nothing in between that could refuse or
/// mend them. Blocks: a test's own thread waits for the broker's answers.
final class RawPublisher {
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    private static let frameSize = 131_072
    private let socket: Int32
    private var received: [UInt8] = []

    /// Logs in and makes a channel with confirms (AMQP 0-9-1, section 2.2.4; `confirm.select` is RabbitMQ's).
    init(_ address: AMQPAddress) throws {
        self.socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var peer = sockaddr_in()
        peer.sin_family = sa_family_t(AF_INET)
        peer.sin_port = in_port_t(UInt16(clamping: address.port)).bigEndian
        peer.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Refused(description: "connect: \(errno)") }
        try self.write(Array("AMQP".utf8) + [0, 0, 9, 1])
        try self.expect(10, 10)
        let login = [0] + Array(address.user.utf8) + [0] + Array(address.password.utf8)
        try self.call(
            10,
            11,
            RawMessage.long([]) + Self.short("PLAIN") + RawMessage.long(login) + Self.short("C"),
            answer: 30,
            channel: 0
        )
        var limits: [UInt8] = [0, 1]
        limits.appendBigEndian(UInt32(Self.frameSize))
        try self.call(10, 31, limits + [0, 0], answer: nil, channel: 0)
        try self.call(10, 40, Self.short(address.virtualHost) + [0, 0], answer: 41, channel: 0)
        try self.call(20, 10, [0], answer: 11)
        try self.call(85, 10, [0], answer: 11)
    }

    deinit { close(self.socket) }

    /// Publishes and waits for the confirmation.
    func publish(_ message: RawMessage, to key: [UInt8], of exchange: String) throws {
        guard try self.offer(message, to: key, of: exchange) else { throw Refused(description: "nobody takes it") }
    }

    /// Publishes, mandatory, and waits for the confirmation.
    ///
    /// - Returns: whether a queue took it.
    func offer(_ message: RawMessage, to key: [UInt8], of exchange: String) throws -> Bool {
        let method = [0, 0] + Self.short(exchange) + [UInt8(key.count)] + key + [1]
        var frames = Self.frame(1, 1, [0, 60, 0, 40] + method)
        var header: [UInt8] = [0, 60, 0, 0]
        header.appendBigEndian(UInt64(message.body.count))
        frames += Self.frame(2, 1, header + message.properties)
        var body = message.body[...]
        while !body.isEmpty {
            frames += Self.frame(3, 1, Array(body.prefix(Self.frameSize - 8)))
            body = body.dropFirst(Self.frameSize - 8)
        }
        try self.write(frames)
        let answer = try self.nextMethod()
        guard answer.starts(with: [0, 60, 0, 50]) else {
            try Self.check(answer, is: 60, 80)
            return true
        }
        try self.expect(60, 80)
        return false
    }

    private func call(
        _ group: UInt8,
        _ method: UInt8,
        _ arguments: [UInt8],
        answer: UInt8?,
        channel: UInt8 = 1
    ) throws {
        // A connection.start-ok begins with its table of client properties, all others with their own arguments.
        try self.write(Self.frame(1, channel, [0, group, 0, method] + arguments))
        if let answer { try self.expect(group, answer) }
    }

    private static func short(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }

    private static func frame(_ kind: UInt8, _ channel: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [kind, 0, channel] + RawMessage.long(payload) + [0xCE]
    }

    private func write(_ bytes: [UInt8]) throws {
        var left = bytes[...]
        while !left.isEmpty {
            let count = left.withUnsafeBytes { send(self.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Refused(description: "send: \(errno)") }
            left = left.dropFirst(count)
        }
    }

    private func expect(_ group: UInt8, _ method: UInt8) throws {
        try Self.check(try self.nextMethod(), is: group, method)
    }

    private static func check(_ payload: [UInt8], is group: UInt8, _ method: UInt8) throws {
        guard payload[1] == group, payload[3] == method else {
            let words = String(decoding: payload.dropFirst(4), as: UTF8.self)
            throw Refused(description: "\(payload[1]).\(payload[3]) instead of \(group).\(method): \(words)")
        }
    }

    /// Reads frames until one with a method comes.
    private func nextMethod() throws -> [UInt8] {
        while true {
            while self.received.count >= 7 {
                let size = self.received[3..<7].reduce(0) { $0 << 8 | Int($1) }
                guard self.received.count >= size + 8 else { break }
                let kind = self.received[0]
                let payload = Array(self.received[7..<7 + size])
                self.received.removeFirst(size + 8)
                if kind == 1 { return payload }
            }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(self.socket, &buffer, buffer.count, 0)
            guard count > 0 else { throw Refused(description: "the broker closed the connection") }
            self.received += buffer[..<count]
        }
    }
}
