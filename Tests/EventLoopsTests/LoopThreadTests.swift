import KernelFiles
import Testing

@testable import EventLoops

struct LoopThreadTests {
    private static func onThread<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable () -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            do throws(SystemError) {
                try LoopThread.start(named: name) { continuation.resume(returning: body()) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// The size of the memory mapping that the address lies in.
    private static func mappingSize(around address: UInt) -> UInt {
        for line in KernelFile.text("/proc/self/maps").split(separator: "\n") {
            let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
            if bounds.count == 2, bounds[0] <= address, address < bounds[1] { return bounds[1] - bounds[0] }
        }
        return 0
    }

    @Test(arguments: [("intake", "intake"), ("a name that is far too long", "a name that is ")])
    func `a thread has its name, cut to what Linux takes`(name: String, expected: String) async throws {
        let seen = try await Self.onThread(name) {
            KernelFile.text("/proc/thread-self/comm").filter { $0 != "\n" }
        }
        #expect(seen == expected)
    }

    @Test func `a thread has the stack that deeply nested headers need`() async throws {
        let size = try await Self.onThread("stack") {
            var local = 0
            return withUnsafeMutablePointer(to: &local) { pointer in
                Self.mappingSize(around: UInt(bitPattern: pointer))
            }
        }
        #expect(size >= 64 << 20)
    }
}
