import AMQP
import FoundationEssentials
import Glibc
import Messaging
import Testing
import Waiting

/// Where deliveries may not go, whatever a manifest or a name says.
@Suite(.hangGuard)
struct AddressTests {
    private static let once = "retry: { maxAttempts: 1 }"

    @Test func `an address inside is refused, written or behind a name, unless the operator allows it`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            let hosts = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1", "[fd00::1]"]
            for (number, host) in hosts.enumerated() {
                try bed.deployWebhook(
                    "w-\(number)",
                    "http://\(host):\(endpoint.port)/ok",
                    keys: ["w-\(number)"],
                    Self.once
                )
            }
            // Allowed is one network only, and this endpoint is not in it.
            let host = try await bed.startHost(arguments: ["--allow-network", "127.0.0.2/32"])
            for number in hosts.indices {
                try await bed.publish(bed.event("{}", id: "e-\(number)", key: "w-\(number)"))
                let letter = try await bed.reader(bed.deadLetters("w-\(number)")).message()
                #expect(letter.text("warren-error-type") == "blocked_ip", "\(hosts[number])")
                #expect(letter.text("warren-error")?.contains("127.0.0.1") == false)
            }
            #expect(endpoint.requests.isEmpty)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a redirect to an address inside is not followed`() async throws {
        try await TestBed.use { bed in
            let inside = try await bed.endpoint()
            let outside = try await bed.endpoint(address: "127.0.0.2")
            try bed.deployWebhook("crm", outside.url("/redirect/\(inside.url("/ok").segment)"), Self.once)
            let host = try await bed.startHost(arguments: ["--allow-network", "127.0.0.2/32"])
            try await bed.publish(bed.event("{}", id: "e-1"))
            let letter = try await bed.reader(bed.deadLetters("crm")).message()
            #expect(letter.text("warren-error-type") == "redirect")
            #expect(inside.requests.isEmpty && outside.requests.count == 1)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `proxies of the environment are not used unless the operator says so`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            let proxy = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/ok"), Self.once)
            let environment = ["http_proxy": proxy.url(""), "HTTP_PROXY": proxy.url(""), "all_proxy": proxy.url("")]
            var host = try await bed.startDelivering(environment: environment)
            try await bed.publish(bed.event("{}", id: "e-1"))
            try await endpoint.requests(1, on: "/ok")
            #expect(try await host.stop() == 0)
            host = try await bed.startHost(
                arguments: ["--allow-network", "127.0.0.0/8", "--proxy-from-environment"],
                environment: environment
            )
            try await bed.publish(bed.event("{}", id: "e-2"))
            try await wait(for: "the proxy to be asked") {
                if !proxy.requests.isEmpty { return true }
                return try await bed.hasDeadLetter("crm")
            }
            #expect(try await host.stop() == 0)
            #expect(endpoint.requests.map(\.id) == ["e-1"])
        }
    }

    // MARK: - Names

    /// A host that asks a name server of this test, in a mount namespace of its own.
    private static func startHost(_ bed: TestBed, names: String) async throws -> HostProcess {
        let address = "127.\(Int.random(in: 1...254)).\(Int.random(in: 1...254)).\(Int.random(in: 2...254))"
        let server = try bed.start(["dns", address, "53", names], program: "evil-endpoint")
        _ = try await bed.listening(server)
        let resolver = "\(bed.directory)/resolv.conf"
        try "nameserver \(address)\noptions timeout:30 attempts:1\n".write(
            toFile: resolver,
            atomically: true,
            encoding: .utf8
        )
        return try await bed.startHost(
            arguments: ["--allow-network", "127.0.0.2/32"],
            wrapper: [
                "/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                "/bin/mount --bind '\(resolver)' /etc/resolv.conf && exec \"$@\"", "sh",
            ]
        )
    }

    /// A namespace of its own and port 53 are the superuser's.
    private static let mayChangeResolver = geteuid() == 0

    @Test(.enabled(if: Self.mayChangeResolver))
    func `a name that leads nowhere, or whose server never answers, is told and holds up nobody`() async throws {
        try await TestBed.use { bed in
            let names = "\(bed.directory)/names"
            try bed.tell(names, "slow.test never\ngood.test 127.0.0.2\n")
            let endpoint = try await bed.endpoint(address: "127.0.0.2")
            let missingURL = "http://missing.test:\(endpoint.port)/ok"
            try bed.deployWebhook("missing", missingURL, keys: ["missing"], "timeout: 2m\n\(Self.once)")
            let slowURL = "http://slow.test:\(endpoint.port)/ok"
            try bed.deployWebhook("slow", slowURL, keys: ["slow"], "timeout: 2s\n\(Self.once)")
            try bed.deployWebhook("good", "http://good.test:\(endpoint.port)/ok", keys: ["good"])
            let host = try await Self.startHost(bed, names: names)
            let slow = (1...20).map { bed.event("{}", id: "slow-\($0)", key: "slow") }
            #expect(await bed.broker.publish(slow).allSatisfy { $0 == .confirmed })
            try await bed.publish(bed.event("{}", id: "missing", key: "missing"))
            let good = (1...200).map { bed.event("{}", id: "good-\($0)", key: "good") }
            #expect(await bed.broker.publish(good).allSatisfy { $0 == .confirmed })
            try await endpoint.requests(200, on: "/ok")
            let missing = try await bed.reader(bed.deadLetters("missing")).message()
            #expect(missing.text("warren-error-type") == "dns_error")
            let late = try await bed.reader(bed.deadLetters("slow")).message()
            #expect(late.text("warren-error-type") == "timeout")
            #expect(late.text("warren-error")?.contains("looking up") == true)
            #expect(try await host.stop() == 0)
        }
    }

    /// A lookup holds a thread for as long as the resolver waits, which is half a minute here.
    @Test(.enabled(if: Self.mayChangeResolver))
    func `dead name servers cost a few threads however many webhooks there are, and hold up no name that lives`()
        async throws
    {
        try await TestBed.use { bed in
            let names = "\(bed.directory)/names"
            let dead = (1...40).map { "dead-\($0)" }
            try bed.tell(names, dead.map { "\($0).test never\n" }.joined() + "good.test 127.0.0.2\n")
            let endpoint = try await bed.endpoint(address: "127.0.0.2")
            for name in dead {
                let url = "http://\(name).test:\(endpoint.port)/ok"
                try bed.deployWebhook(name, url, keys: [name], "timeout: 2s\n\(Self.once)")
            }
            // Each connection is closed, so each delivery needs the address.
            try bed.deployWebhook("good", "http://good.test:\(endpoint.port)/close/204", keys: ["good"])
            let host = try await Self.startHost(bed, names: names)
            try await bed.publish(bed.event("{}", id: "good-0", key: "good"))
            try await endpoint.requests(1, on: "/close/204")
            let facts = ProcessFacts(host.warren.process)
            let before = facts.threads
            var most = 0
            let events = dead.flatMap { name in (1...3).map { bed.event("{}", id: "\(name)-\($0)", key: name) } }
            #expect(await bed.broker.publish(events).allSatisfy { $0 == .confirmed })
            let letters = try await bed.reader(bed.deadLetters("dead-40"))
            var count = 0
            try await wait(for: "the last webhook to give up") {
                most = max(most, facts.threads)
                count += 1
                try await bed.publish(bed.event("{}", id: "good-\(count)", key: "good"))
                return letters.taken.count == 3
            }
            #expect(letters.taken.allSatisfy { $0.text("warren-error-type") == "timeout" })
            #expect(most > before, "it was looked up")
            #expect(most <= before + 8, "\(most) threads, \(before) before")
            try await endpoint.requests(count + 1, on: "/close/204")
            #expect(try await host.stop() == 0)
        }
    }

    @Test(.enabled(if: Self.mayChangeResolver))
    func `a name that leads inside the next time is refused the next time`() async throws {
        try await TestBed.use { bed in
            let names = "\(bed.directory)/names"
            try bed.tell(names, "rebind.test 127.0.0.2\n")
            let outside = try await bed.endpoint(address: "127.0.0.2")
            let inside = try await bed.endpoint(address: "127.0.0.1", port: outside.port)
            // The endpoint closes each connection, so each delivery looks the name up again when it has been forgotten.
            try bed.deployWebhook(
                "crm",
                "http://rebind.test:\(outside.port)/close/204",
                "\(Self.once)\nbreaker: { failures: 1000 }"
            )
            let host = try await Self.startHost(bed, names: names)
            try await bed.publish(bed.event("{}", id: "before"))
            try await outside.requests(1, on: "/close/204")
            try bed.tell(names, "rebind.test 127.0.0.1\n")
            let letters = try await bed.reader(bed.deadLetters("crm"))
            var count = 0
            try await wait(for: "a refusal") {
                count += 1
                try await bed.publish(bed.event("{}", id: "after-\(count)"))
                return !letters.taken.isEmpty
            }
            #expect(letters.taken.first?.text("warren-error-type") == "blocked_ip")
            #expect(inside.requests.isEmpty)
            #expect(try await host.stop() == 0)
        }
    }
}

extension TestBed {
    fileprivate func hasDeadLetter(_ webhook: String) async throws -> Bool {
        (try await self.broker.inspect(queue: self.deadLetters(webhook))?.readyMessages ?? 0) > 0
    }
}
