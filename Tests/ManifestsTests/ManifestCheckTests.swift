import Manifests
import Testing

@Suite struct ManifestCheckTests {
    private func manifests(_ texts: String...) -> [Manifest] {
        texts.enumerated().flatMap { ManifestLoader.parse(text: $1, file: "\($0).yaml").manifests }
    }

    private func problems(_ manifests: [Manifest], namespace: String = "warren") -> [String] {
        ManifestCheck.problems(in: manifests, namespace: namespace).map(\.description)
    }

    @Test func `manifests that keep apart are fine`() {
        let manifests = self.manifests(ManifestText.function(name: "a"), ManifestText.function(name: "b"))
        #expect(manifests.count == 2)
        #expect(self.problems(manifests) == [])
    }

    @Test func `the second manifest with a name is reported and the first is named`() {
        let manifests = self.manifests(ManifestText.function(name: "a"), ManifestText.function(name: "a"))
        #expect(
            self.problems(manifests) == [
                "1.yaml:3:7: error: the name 'a' is taken by the manifest at 0.yaml:3:7; rename one of them"
            ]
        )
    }

    @Test func `two manifests may not share a queue`() {
        let manifests = self.manifests(
            ManifestText.function(name: "a"),
            ManifestText.function(name: "b", adding: "queue: warren.a")
        )
        let problems = self.problems(manifests)
        #expect(problems.count == 1)
        let start = "1.yaml:6:8: error: the queue 'warren.a' is taken by 'a' at 0.yaml:3:7"
        #expect(problems.first?.hasPrefix(start) == true)
        #expect(self.problems(manifests, namespace: "other") == [])
    }

    @Test(arguments: [
        ("parked", "", "0.yaml:3:7: error: the queue 'warren.parked' belongs to the runtime"),
        ("scheduled", "", "0.yaml:3:7: error: the queue 'warren.scheduled' belongs to the runtime"),
        ("delay.03", "", "0.yaml:3:7: error: the queue 'warren.delay.03' belongs to the runtime"),
        ("a", "queue: warren.parked", "0.yaml:6:8: error: the queue 'warren.parked' belongs to the runtime"),
    ])
    func `the runtime's own queues are not for manifests`(_ name: String, _ lines: String, _ problem: String) {
        let problems = self.problems(self.manifests(ManifestText.function(name: name, adding: lines)))
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix(problem) == true)
    }

    @Test(arguments: ["warren.dead-letter", "warren.delay.00", "warren.delay.done"])
    func `the runtime's own exchanges are not for manifests`(_ exchange: String) {
        let text = ManifestText.function().replacing("{ keys", with: "{ exchange: \(exchange), keys")
        let problems = self.problems(self.manifests(text))
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("0.yaml:5:21: error: the exchange '\(exchange)' belongs") == true)
    }

    @Test func `a queue may not be named like the dead letters of another`() {
        let manifests = self.manifests(ManifestText.function(name: "a.dead"), ManifestText.function(name: "a"))
        let problems = self.problems(manifests)
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("0.yaml:3:7: error: the queue 'warren.a.dead' is the one for") == true)
    }

    @Test func `namespace and name together must leave room for a delay`() {
        let manifests = self.manifests(ManifestText.function(name: String(repeating: "n", count: 120)))
        #expect(self.problems(manifests, namespace: String(repeating: "s", count: 78)) == [])
        let problems = self.problems(manifests, namespace: String(repeating: "s", count: 79))
        #expect(problems.count == 1)
        #expect(problems.first?.contains("has 200 characters; the most is 199") == true)
    }

    @Test func `handlers that no bundle has are reported with the nearest ones`() {
        let manifests = self.manifests(
            ManifestText.function(name: "good"),
            ManifestText.function(name: "b").replacing("orders/", with: "order/"),
            ManifestText.function(name: "c").replacing("orders/reserve-stock", with: "orders/reserve-stok")
        )
        let bundles: [String: Set<String>] = ["audit": ["log"], "orders": ["charge", "reserve-stock"]]
        let problems = ManifestCheck.unknownHandlers(manifests, bundles: bundles).map(\.description)
        #expect(
            problems == [
                "1.yaml:4:10: error: there is no bundle 'order'; "
                    + "did you mean 'orders'? known bundles: orders, audit",
                "2.yaml:4:10: error: the bundle 'orders' has no function 'reserve-stok'; "
                    + "did you mean 'reserve-stock'? functions of 'orders': reserve-stock, charge",
            ]
        )
    }

    @Test func `a version of a bundle is a bundle of its own`() {
        let versioned = ManifestText.function().replacing("orders/", with: "orders@2/")
        let manifests = self.manifests(versioned)
        #expect(ManifestCheck.unknownHandlers(manifests, bundles: ["orders@2": ["reserve-stock"]]) == [])
        let problems = ManifestCheck.unknownHandlers(manifests, bundles: ["orders": ["reserve-stock"], "audit": []])
        #expect(
            problems.map(\.description) == [
                "0.yaml:4:10: error: there is no bundle 'orders@2'; did you mean 'orders'? known bundles: orders, audit"
            ]
        )
    }

    @Test func `an empty directory and an empty bundle are told apart`() {
        let manifests = self.manifests(ManifestText.function())
        let none = ManifestCheck.unknownHandlers(manifests, bundles: [:])
        #expect(none.map(\.what) == ["there is no bundle 'orders'"])
        let empty = ManifestCheck.unknownHandlers(manifests, bundles: ["orders": []])
        #expect(empty.map(\.what) == ["the bundle 'orders' has no function 'reserve-stock'"])
    }
}
