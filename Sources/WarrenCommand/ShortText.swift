import ArgumentParser

/// What AMQP carries as a short string: routing keys, exchanges and most of a message's properties.
///
/// Source: AMQP 0-9-1, section 4.2.5.3.
enum ShortText {
    private static let largestSize = 255

    /// Refuses values that are empty or do not fit, by the name of their option; nil is an option not given.
    static func check(_ values: [(option: String, value: String?)]) throws {
        for case (let option, let value?) in values where value.isEmpty || value.utf8.count > self.largestSize {
            throw ValidationError("\(option) has 1 to \(self.largestSize) bytes")
        }
    }
}
