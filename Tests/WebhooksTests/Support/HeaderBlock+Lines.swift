import Webhooks

extension HeaderBlock {
    /// The header fields as libcurl takes them apart.
    var lines: [String] {
        self.bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
    }

    var names: [String] { self.lines.map { String($0.prefix { $0 != ":" }) } }

    /// All values that a header has.
    subscript(name: String) -> [String] {
        self.lines.filter { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
    }
}
