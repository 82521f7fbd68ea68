import Invoking
import Messaging
import SeededGeneration
import Testing

@testable import Processing

struct InFlightTests {
    private static func add(_ inFlight: inout InFlight, _ event: String) -> InvocationID {
        inFlight.add(.test(.test(event)))
    }

    @Test func `ids are new for each run, although places are used again`() {
        var inFlight = InFlight(limit: 2)
        let first = Self.add(&inFlight, "a")
        #expect(inFlight[first] == .test(.test("a")))
        #expect(inFlight.remove(first) == .test(.test("a")))
        #expect(inFlight.isEmpty)
        let second = Self.add(&inFlight, "b")
        #expect(second.place == first.place)
        #expect(second != first)
        #expect(inFlight[first] == nil)
        #expect(inFlight.remove(first) == nil, "an id of an earlier run means nothing")
        #expect(inFlight.count == 1)
    }

    @Test func `there is room up to the limit, whatever it was before`() {
        var inFlight = InFlight(limit: 2)
        let ids = ["a", "b"].map { Self.add(&inFlight, $0) }
        #expect(!inFlight.hasRoom)
        inFlight.limit = 3
        #expect(inFlight.hasRoom)
        inFlight.limit = 1
        #expect(!inFlight.hasRoom)
        _ = inFlight.remove(ids[0])
        #expect(!inFlight.hasRoom)
        _ = inFlight.remove(ids[1])
        #expect(inFlight.hasRoom)
    }

    @Test func `it knows which events run, whatever message brought them, until they have ended`() {
        var inFlight = InFlight(limit: 2)
        let running = HeldDelivery.test(.test("a"), identity: Self.identity(of: .test("a")))
        let copy = Self.identity(of: .test("a", exchange: "t.delay.done", key: "other", body: [1], isRedelivered: true))
        #expect(!inFlight.runs(copy))
        let id = inFlight.add(running)
        #expect(inFlight.runs(copy))
        #expect(!inFlight.runs(Self.identity(of: .test("a", source: "web"))))
        #expect(!inFlight.runs(Self.identity(of: .test("b"))))
        #expect(Self.identity(of: .test(nil)) == nil && Self.identity(of: .test("a", source: nil)) == nil)
        #expect(!inFlight.runs(nil))
        _ = inFlight.remove(id)
        #expect(!inFlight.runs(copy))
    }

    private static func identity(of delivery: Delivery) -> EventIdentity? { EventIdentity(delivery, delivery.layout) }

    @Test func `a delivery is exchanged in its place, and only there`() {
        var inFlight = InFlight(limit: 2)
        let id = Self.add(&inFlight, "a")
        #expect(inFlight.change(id) { $0.delivery = .test("a", tag: 9) })
        #expect(inFlight[id]?.delivery.tag.value == 9)
        let later = InvocationID(run: id.run + 1, place: id.place)
        #expect(!inFlight.change(later) { $0.delivery = .test("b") })
        #expect(inFlight[id]?.delivery.tag.value == 9)
        #expect(inFlight.ids == [id])
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `in any history it holds what was added and not removed, each under an id of its own`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var inFlight = InFlight(limit: 1000)
        var model: [InvocationID: String] = [:]
        var used: Set<InvocationID> = []
        for number in 0..<2000 {
            if Bool.random(using: &random), let id = model.keys.sorted().randomElement(using: &random) {
                let removed = inFlight.remove(id).map { EventKey($0.delivery) }
                #expect(removed == model[id].map { EventKey(.test($0)) })
                model[id] = nil
            } else {
                let id = Self.add(&inFlight, "\(number)")
                #expect(used.insert(id).inserted)
                model[id] = "\(number)"
            }
            #expect(inFlight.count == model.count)
        }
        #expect(Set(inFlight.ids) == Set(model.keys))
        #expect(inFlight.ids.allSatisfy { $0.place < 1000 }, "places are used again before there are more")
    }
}
