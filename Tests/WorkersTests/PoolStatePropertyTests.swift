import Testing

@testable import Workers

/// Random histories with fixed seeds: whatever workers do, no invocation ends twice, none is lost, and none is charged
/// for another's crash.
struct PoolStatePropertyTests {
    @Test(arguments: 0..<200 as Range<UInt64>)
    func `in any history each invocation has one end, and only those that kill or hang are charged`(seed: UInt64) {
        for part in 0..<10 as Range<UInt64> {
            var model = PoolModel(seed: seed * 10 + part)
            for _ in 0..<200 { model.step() }
            #expect(model.runOut() == true, "with every poison gone, everything ends")
            #expect(model.ends.count == model.given)
            model.stop()
            #expect(model.isEmpty && model.pool.isEmpty)
        }
    }
}
