import BrokerConformance
import EventLoops
import Invoking
import LocalBroker
import Logging
import Messaging
import Processing
import Testing
import Waiting
import Workers

/// A bad bundle costs its own function, and nothing else: the host says why, the others go on, no event is lost.
@Suite(.hangGuard)
struct BadBundleTests {
    private static let events = 3

    /// A workshop with one function of the bundle, and one that is well.
    private static func workshop(bundle: String) throws -> Workshop {
        let workshop = try Workshop()
        try workshop.install("orders")
        try workshop.write(
            "functions.yaml",
            Workshop.manifest("bad", handler: "\(bundle)/work", keys: "[bad.#]", more: "retry: { maxAttempts: 1 }")
                + "---\n" + Workshop.manifest("good", handler: "orders/reserve-stock", keys: "[good.#]")
        )
        return workshop
    }

    @Test(arguments: BadBundle.all)
    func `a bad bundle costs its own function only`(_ bundle: BadBundle) async throws {
        let workshop = try Self.workshop(bundle: bundle.name)
        try bundle.install(in: workshop)
        let sink = try await Sink()
        let handled = "\(workshop.namespace).handled"
        try await sink.declare(queue: handled, boundTo: workshop.exchange, "stock.reserved")
        let host = try workshop.host(sink.node.url)
        try await host.line("running", "good")
        let publisher = try RawPublisher(sink.address)
        func publish(_ key: String) throws {
            let event = BadEvent("event of \(bundle.name)", .decode, .handled, key: key) { _ in }
            // Until the function's queue is there; a broken worker says nothing of it.
            while !(try publisher.offer(event.message(), to: event.key, of: workshop.exchange)) {
                try Task.checkCancellation()
            }
        }
        for number in 1...Self.events {
            try publish("bad.event")
            guard case .handled = bundle.fate else { continue }
            // One at a time: a worker dies after each, with nothing else in its hands.
            try await host.wait(for: "\(number) deaths") { output in
                let lines = output.errorText.split(separator: "\n")
                return lines.count { $0.contains("a worker died") && $0.contains(bundle.reason) } == number
            }
        }
        try publish("good.event")
        _ = try await sink.drain(handled).deliveries(1)
        switch bundle.fate {
        case .wait, .waitOrDie:
            try await host.line("unhealthy", "  bad  ", bundle.reason)
        case .handled:
            break
        case .die:
            try await host.line("a worker died", "  bad  ", bundle.reason)
            let letters = try await sink.drain("\(workshop.namespace).bad.dead").deliveries(Self.events)
            for letter in letters {
                #expect(letter.text("warren-dead-reason") == "crashed")
                #expect(letter.text("warren-error")?.contains(bundle.reason) == true)
            }
        }
        #expect(try await host.stop().status == 0)
        let queues = (live: "\(workshop.namespace).bad", dead: "\(workshop.namespace).bad.dead")
        switch bundle.fate {
        case .wait:
            try await sink.expectReady(Self.events, in: [queues.live])
            #expect(try await sink.readyMessages(in: queues.dead) == 0)
        case .waitOrDie:
            let all = [queues.live, queues.dead]
            try await sink.expectReady(Self.events, in: all)
        case .handled, .die:
            try await sink.expectReady(0, in: [queues.live, queues.dead])
        }
        await sink.close()
    }

    @Test(arguments: BadBundle.all.filter { $0.validation != nil })
    func `validate sees what can be seen without running a function`(_ bundle: BadBundle) async throws {
        let workshop = try Self.workshop(bundle: bundle.name)
        try bundle.install(in: workshop)
        let result = try await ObservedCommand.run(["validate"] + workshop.places)
        #expect(result.status == 2)
        #expect(result.errorText.contains("functions.yaml:4:10: error: "))
        #expect(result.errorText.contains(try #require(bundle.validation)), "\(result.errorText)")
    }

    @Test
    func `a worker that ignores the drain is ended, and the host with it`() async throws {
        let workshop = try Self.workshop(bundle: "evil-deaf")
        try workshop.install("evil-worker", as: "evil-deaf")
        let sink = try await Sink()
        let host = try workshop.host(sink.node.url)
        try await host.line("all functions are running")
        #expect(try await host.stop().status == 0)
        await sink.close()
    }

    @Test
    func `a worker that never says hello is ended after a while`() async throws {
        let workshop = try Workshop()
        try workshop.install("evil-worker", as: "evil-silent")
        let launch = WorkerLaunch(
            executable: "\(workshop.bundles)/evil-silent",
            function: "work",
            environment: [:],
            concurrency: 1,
            workers: 1,
            timeout: .seconds(1),
            startLimit: .milliseconds(200)
        )
        let reason: String = try await withCheckedThrowingContinuation { continuation in
            do {
                try LoopThread.start(named: "pool") {
                    guard let loop = try? EventLoop() else { return }
                    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                    let pool = WorkerPool(launch: launch, loop: loop, clock: .system, logger: logger)
                    pool.start { event in
                        guard case .unavailable(let reason, _) = event else { return }
                        continuation.resume(returning: reason)
                        pool.stop { loop.stop() }
                    }
                    loop.run()
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
        #expect(reason == "it was not ready within 200 ms")
    }

    @Test
    func `a local run says what is wrong with its bundle`() async throws {
        for bundle in BadBundle.all where bundle.fate.isLasting {
            let workshop = try Self.workshop(bundle: bundle.name)
            try bundle.install(in: workshop)
            let arguments = ["invoke", "bad", "--data", "{}"] + workshop.places
            var result = try await ObservedCommand.run(arguments)
            // A file just written counts as busy while a process that another test is starting still shares the
            // descriptor it was written with (execve(2), ETXTBSY).
            while result.errorText.contains("Text file busy") { result = try await ObservedCommand.run(arguments) }
            #expect(result.status == 1)
            #expect(result.errorText.contains(bundle.reason), "\(result.errorText)")
        }
    }
}

extension BadBundle.Fate {
    /// Whether no event ever reaches the function.
    fileprivate var isLasting: Bool { if case .wait = self { true } else { false } }
}
