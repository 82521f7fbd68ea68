import Messaging

/// A range of addresses in CIDR notation: `10.0.0.0/8`, `fd00::/8`. An address without a length is a range of one.
package struct Network: Sendable, Hashable {
    /// Why a text is not a network.
    package struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
        package let description: String
    }

    private let first: IPAddress
    /// The length of the prefix in bits.
    private let length: Int

    package init(_ text: String) throws(Problem) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ IPAddress(String($0)) }) else {
            throw Problem(description: "'\(text)' is not a network: write it as 10.0.0.0/8 or fd00::/8")
        }
        let width = address.family.width
        let isPlain = parts.dropFirst().allSatisfy {
            $0.utf8.allSatisfy(\.isDecimalDigit)
        }
        guard isPlain, let length = parts.count == 2 ? Int(parts[1]) : width, (0...width).contains(length) else {
            throw Problem(description: "'\(text)': the length after the slash must be a number from 0 to \(width)")
        }
        self.init(address, length)
        guard self.first == address else {
            throw Problem(
                description: "'\(text)' has bits set beyond its length of \(length): "
                    + "write the first address of the range"
            )
        }
    }

    private init(_ address: IPAddress, _ length: Int) {
        let rest = address.family.width - length
        self.first = IPAddress(address.family, rest == 128 ? 0 : (address.bits >> rest) << rest)
        self.length = length
    }

    /// For the constants of this module, whose texts are valid.
    init(known text: StaticString) {
        do throws(Problem) {
            try self.init("\(text)")
        } catch {
            preconditionFailure("\(error)")
        }
    }

    package func contains(_ address: IPAddress) -> Bool {
        address.family == self.first.family && Network(address, self.length).first == self.first
    }
}
