package import Messaging

/// Random numbers that are the same in every run, so that a failed property names its case by the seed.
package typealias SeededGenerator = SplitMix64

extension SplitMix64 {
    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}
