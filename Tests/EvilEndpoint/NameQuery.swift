/// A DNS query with one question, and replies to it (RFC 1035, section 4).
struct NameQuery {
    enum Code: UInt8 {
        case success = 0
        case unknownName = 3
    }

    private static let headerSize = 12

    /// In lower case, without a dot at its end.
    let name: String
    /// Whether it is for A records of the internet.
    let isForIPv4: Bool

    private let header: ArraySlice<UInt8>
    /// As it was sent, for the reply to repeat it: resolvers compare it, and some mix upper and lower case for that.
    private let question: ArraySlice<UInt8>

    /// Nil for what is no query with one question.
    init?(_ packet: [UInt8]) {
        // No reply, an ordinary query, one question.
        guard packet.count > Self.headerSize, packet[2] & 0xf8 == 0, packet[4] == 0, packet[5] == 1 else { return nil }
        var labels: [String] = []
        var position = Self.headerSize
        while position < packet.count, packet[position] > 0 {
            // 63 bytes at most: more is a pointer, and there is nothing yet to point to.
            let end = position + 1 + Int(packet[position])
            guard packet[position] < 64, end < packet.count else { return nil }
            labels.append(String(decoding: packet[position + 1..<end], as: UTF8.self))
            position = end
        }
        let kind = position + 1
        guard kind + 4 <= packet.count else { return nil }
        self.name = labels.joined(separator: ".").lowercased()
        self.isForIPv4 = packet[kind..<kind + 4].elementsEqual([0, 1, 0, 1])
        self.header = packet[..<Self.headerSize]
        self.question = packet[Self.headerSize..<kind + 4]
    }

    /// A reply with an A record for each address. What else came with the query, such as EDNS, is left out, which says
    /// that this server does not know it.
    func reply(_ code: Code, _ addresses: [IPv4Address] = []) -> [UInt8] {
        // A reply with authority, which also has the query's wish for recursion, and grants it.
        var reply = self.header.prefix(2) + [0x84 | self.header[2] & 0x01, 0x80 | code.rawValue]
        reply += [0, 1, 0, UInt8(addresses.count), 0, 0, 0, 0]
        reply += self.question
        for address in addresses {
            // The name is the one at the question's place; type A, class IN, one second to live, four bytes.
            reply += [0xc0, UInt8(Self.headerSize), 0, 1, 0, 1, 0, 0, 0, 1, 0, 4]
            reply += address.bytes
        }
        return Array(reply)
    }
}
