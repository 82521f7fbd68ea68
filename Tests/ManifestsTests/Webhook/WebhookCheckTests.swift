import Manifests
import Testing

/// Functions and webhooks share names and queues: they get in each other's way as two of a kind do.
struct WebhookCheckTests {
    private func problems(_ texts: String..., namespace: String = "warren") -> [String] {
        let manifests = texts.enumerated().flatMap { ManifestLoader.parse(text: $1, file: "\($0).yaml").manifests }
        #expect(manifests.count == texts.count)
        return ManifestCheck.problems(in: manifests, namespace: namespace).map(\.description)
    }

    @Test func `manifests of two kinds that keep apart are fine`() {
        #expect(self.problems(ManifestText.function(name: "a"), ManifestText.webhook(name: "b")) == [])
    }

    @Test func `a name is for one manifest, whatever its kind`() {
        let problem = "1.yaml:3:7: error: the name 'a' is taken by the manifest at 0.yaml:3:7; rename one of them"
        #expect(self.problems(ManifestText.function(name: "a"), ManifestText.webhook(name: "a")) == [problem])
        #expect(self.problems(ManifestText.webhook(name: "a"), ManifestText.function(name: "a")) == [problem])
        #expect(self.problems(ManifestText.webhook(name: "a"), ManifestText.webhook(name: "a")) == [problem])
    }

    @Test func `a queue is for one manifest, whatever its kind`() {
        let start = "1.yaml:6:8: error: the queue 'warren.a' is taken by 'a' at 0.yaml:3:7"
        let queue = "queue: warren.a"
        for problems in [
            self.problems(ManifestText.function(name: "a"), ManifestText.webhook(name: "b", adding: queue)),
            self.problems(ManifestText.webhook(name: "a"), ManifestText.function(name: "b", adding: queue)),
            self.problems(ManifestText.webhook(name: "a"), ManifestText.webhook(name: "b", adding: queue)),
        ] {
            #expect(problems.count == 1)
            #expect(problems.first?.hasPrefix(start) == true)
        }
    }

    @Test func `the runtime's own queues are not for webhooks either`() {
        let problems = self.problems(ManifestText.webhook(name: "parked"))
        #expect(problems.count == 1)
        #expect(
            problems.first?.hasPrefix("0.yaml:3:7: error: the queue 'warren.parked' belongs to the runtime") == true
        )
    }

    @Test func `no bundle is asked for the handler of a webhook`() {
        let manifests = ManifestLoader.parse(text: ManifestText.webhook(), file: "a.yaml").manifests
        #expect(manifests.count == 1)
        #expect(ManifestCheck.unknownHandlers(manifests, bundles: [:]) == [])
    }
}
