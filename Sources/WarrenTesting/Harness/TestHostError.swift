/// Why a `TestHost` cannot do what a test asks for.
public struct TestHostError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong and what to do.
    public let description: String

    init(_ description: String) { self.description = description }
}
