import ArgumentParser

/// Checks values that AMQP carries as short strings: routing keys, exchanges and most of a message's properties.
///
/// Source: AMQP 0-9-1, section 4.2.5.3.
enum ShortText {
    private static let largestSize = 255

    /// Throws if a value is empty or too long, naming its option. A `nil` value is an option that was not given.
    static func check(_ values: [(option: String, value: String?)]) throws {
        for case (let option, let value?) in values where !self.fits(value) {
            throw ValidationError("\(option) must have 1 to \(self.largestSize) bytes")
        }
    }

    static func fits(_ value: String) -> Bool { !value.isEmpty && value.utf8.count <= self.largestSize }
}
