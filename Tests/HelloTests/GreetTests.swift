import FoundationEssentials
import Testing
import WarrenTesting

@testable import ExampleHello

struct GreetTests {
    @Test func `a guest is welcomed by name`() async throws {
        let greet = try await FunctionHarness(Greet.self)
        let result = try await greet.run(GuestArrived(name: "Ada"))
        #expect(result.isDone)
        #expect(try result.emitted[0].decode(GuestGreeted.self).greeting == "Welcome, Ada!")
    }

    @Test func `a guest without a name ends among the dead letters`() async throws {
        let manifest = try String(contentsOfFile: "manifests/hello.yaml", encoding: .utf8)
        let host = try await TestHost(manifest: manifest, bundles: ["hello": Hello.self])
        try await host.publish("guest.arrived", GuestArrived(name: ""))
        #expect(host.events("guest.greeted").isEmpty)
        #expect(host.deadLetters(of: "greet").map(\.reason) == ["rejected"])
        await host.stop()
    }
}
