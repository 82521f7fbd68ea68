import Testing

@testable import Webhooks

/// Random histories with fixed seeds: whatever an endpoint and an authorization server do, each invocation ends once,
/// and the endpoint gets no more than it may.
struct DispatchPropertyTests {
    @Test(arguments: 0..<100 as Range<UInt64>)
    func `in any history each invocation has one end, and no endpoint is asked too often`(seed: UInt64) {
        for part in 0..<10 as Range<UInt64> {
            var model = DispatchModel(seed: seed * 10 + part)
            for _ in 0..<200 { model.step() }
            #expect(model.runOut() == true, "with an endpoint that is well, everything ends")
            #expect(model.ends.count == model.given)
            model.checkRate()
            model.stop()
        }
    }
}
