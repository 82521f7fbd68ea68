public import Invoking

/// Tests write ids as the numbers that they are.
extension InvocationID: ExpressibleByIntegerLiteral {
    public init(integerLiteral number: UInt64) { self.init(rawValue: number) }

    /// - Parameter numbers: of the ids, in their order.
    static func each(_ numbers: ClosedRange<UInt64>) -> [InvocationID] { numbers.map { InvocationID(rawValue: $0) } }
}
