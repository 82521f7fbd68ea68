import Manifests
import SeededGeneration

extension RuntimeWalk {
    /// Some of few names, queues and keys, so that they often meet.
    static func manifests(_ random: inout SeededGenerator) throws -> [FunctionManifest] {
        var queues: Set<String> = []
        return try ["f", "g", "h"].compactMap { name in
            let queue = ["t.f", "t.g", "t.h", "q"].randomElement(using: &random) ?? "q"
            guard Int.random(in: 0..<4, using: &random) < 3, queues.insert(queue).inserted else { return nil }
            let keys = [["a"], ["b"], ["a", "b"]].randomElement(using: &random) ?? []
            let concurrency = Int.random(in: 1...2, using: &random)
            let policy = RemovalPolicy.allCases.randomElement(using: &random) ?? .keep
            return try FunctionManifest.test(name, keys: keys, concurrency: concurrency).with {
                $0.queue = queue
                $0.onRemove = policy
            }
        }
    }
}
