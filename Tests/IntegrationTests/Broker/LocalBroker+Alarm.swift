import LocalBroker

extension LocalBroker {
    /// Has the node be short of memory while the body runs, and no longer, whatever becomes of the body: other tests
    /// publish to the same node, and would wait for ever.
    func withMemoryAlarm<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await self.control(["set_vm_memory_high_watermark", "0.0000001"])
        let result: Result
        do {
            result = try await body()
        } catch {
            try await self.endMemoryAlarm()
            throw error
        }
        try await self.endMemoryAlarm()
        return result
    }

    func endMemoryAlarm() async throws { try await self.control(["set_vm_memory_high_watermark", "0.6"]) }
}
