import Messaging
import Testing

/// Ids that were made once must be made again, by every later version: the values are those of a reference in Python.
struct StableHashTests {
    @Test(
        arguments: [
            ([], "6c62272e-07bb-8142-a2b8-21756295c58d"),
            (["a"], "d368e9a7-d3ab-8514-a750-55e2a8d4207f"),
            (["12345678"], "49f7e9c6-6376-8e3f-9597-74e1b3596e0f"),
            (["a", "bc"], "99e2c2c8-a01d-809d-bf6b-88846aab687a"),
            (["ab", "c"], "f5f7700d-d91d-884e-b754-6a2971a6cf77"),
            (["warren/orders/0123456789", "ü"], "a29100fe-109f-8661-b9ae-1459d8e4df82"),
        ] as [([String], String)]
    )
    func `it is the same in every process and version, for texts and for bytes`(parts: [String], identifier: String) {
        var (texts, bytes) = (StableHash(), StableHash())
        for part in parts {
            texts.combine(part)
            bytes.combine(Array(part.utf8)[...])
        }
        #expect(texts.identifier == identifier)
        #expect(bytes.identifier == identifier)
    }
}
