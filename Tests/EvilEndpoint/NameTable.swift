/// What a file says about names: lines such as `hook.test 127.0.0.1`, read again for each query.
struct NameTable {
    enum Answer {
        case addresses([IPv4Address])
        /// `nxdomain`, as for a name of which the file says nothing.
        case unknown
        case never
    }

    private let path: String

    init(path: String) { self.path = path }

    /// - Parameter name: in lower case, without a dot at its end.
    /// - Returns: the addresses of all lines with this name, or what the first other word for it says.
    func answer(for name: String) -> Answer {
        var addresses: [IPv4Address] = []
        for line in SmallFile.text(self.path)?.split(whereSeparator: \.isNewline) ?? [] {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count == 2, words[0].lowercased() == name else { continue }
            switch words[1] {
            case "never": return .never
            case "nxdomain": return .unknown
            default:
                guard let address = IPv4Address(String(words[1])) else {
                    EvilEndpoint.complain("no answer: \(line)")
                    continue
                }
                addresses.append(address)
            }
        }
        return addresses.isEmpty ? .unknown : .addresses(addresses)
    }
}
