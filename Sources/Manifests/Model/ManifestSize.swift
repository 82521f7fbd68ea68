/// The notation of sizes in manifests: `512KiB`, `64MiB`, `1GiB`, powers of 1024.
///
/// Other units are refused, because `64MB` means 64,000,000 bytes to one reader and 67,108,864 to another.
package enum ManifestSize {
    /// Examples for remedies.
    package static let examples = "512KiB, 64MiB or 1GiB"

    /// The units with their exponents of 2, largest first, because `format` tries them in this order.
    private static let units = [(name: "GiB", exponent: 30), (name: "MiB", exponent: 20), (name: "KiB", exponent: 10)]

    /// Why a text is not a size.
    package enum Problem: Error, Equatable, CustomStringConvertible {
        case empty
        /// A number without a unit: nobody can tell bytes from megabytes.
        case unitMissing
        /// - Parameter meant: the whole size that was probably meant, such as `64MiB` for `64MB`.
        case unitUnknown(String, meant: String?)
        /// It does not begin with a digit, or holds something other than plain digits before the unit: a sign, a
        /// fraction, a space, a leading zero.
        case notAnInteger(String)
        /// More bytes than 63 bits can count.
        case tooLarge

        package var description: String {
            switch self {
            case .empty: "the size is empty"
            case .unitMissing: "the size has no unit"
            case .unitUnknown(let unit, _): "the size has the unknown unit \(unit.quoted)"
            case .notAnInteger(let text): "\(text.quoted) is not a whole number directly followed by a unit"
            case .tooLarge: "the size is too large to be counted"
            }
        }

        /// How to correct it, for a `ManifestProblem`.
        package var remedy: String {
            switch self {
            case .empty, .notAnInteger: "write it as \(ManifestSize.examples)"
            case .unitMissing: "put KiB, MiB or GiB behind the number, as in \(ManifestSize.examples)"
            case .unitUnknown(_, let meant):
                if let meant {
                    "write \(meant); the units are KiB, MiB and GiB"
                } else {
                    "the units are KiB, MiB and GiB, as in \(ManifestSize.examples)"
                }
            case .tooLarge: "write a smaller one"
            }
        }
    }

    /// Reads a whole number followed by its unit, without spaces. Zero is accepted; the caller decides whether it is
    /// allowed.
    ///
    /// - Returns: the size in bytes.
    package static func parse(_ text: String) throws(Problem) -> Int {
        guard !text.isEmpty else { throw .empty }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = String(text.dropFirst(digits.count))
        guard !digits.isEmpty, digits == "0" || !digits.hasPrefix("0") else { throw .notAnInteger(text) }
        guard !unit.isEmpty else { throw .unitMissing }
        guard unit.allSatisfy({ $0.isASCII && $0.isLetter }) else { throw .notAnInteger(text) }
        guard let exponent = self.units.first(where: { $0.name == unit })?.exponent else {
            throw .unitUnknown(unit, meant: self.nearestUnit(to: unit).map { "\(digits.prefix(20))\($0)" })
        }
        guard let count = Int(digits) else { throw .tooLarge }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: 1 << exponent)
        guard !overflow else { throw .tooLarge }
        return bytes
    }

    /// The shortest exact notation, as a user would write it; fractions of a KiB are dropped.
    package static func format(_ bytes: Int) -> String {
        guard bytes != 0 else { return "0KiB" }
        for (name, exponent) in self.units where bytes % (1 << exponent) == 0 {
            return "\(bytes >> exponent)\(name)"
        }
        return "\(bytes >> 10)KiB"
    }

    /// The unit that was probably meant: `m`, `MB` and `mib` all mean MiB.
    private static func nearestUnit(to unit: String) -> String? {
        let written = unit.lowercased()
        return self.units.first { name, _ in
            let full = name.lowercased()
            return written == full || written == full.prefix(1) || written == "\(full.prefix(1))b"
        }?.name
    }
}
