import Testing

@testable import Processing

/// A driver keeps room for as many actions as one event has ever led to, twice, for as long as it lives.
struct ActionSizeTests {
    @Test func `hundreds of actions of a pipeline fit a few pages`() {
        #expect(MemoryLayout<PipelineAction>.stride <= 64)
    }

    @Test func `an action of the runtime has room for names, not for manifests`() {
        #expect(MemoryLayout<RuntimeAction>.stride <= 128)
    }
}
