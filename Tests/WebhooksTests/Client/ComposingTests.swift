import Dispatch
import EventLoops
import FoundationEssentials
import Invoking
import Logging
import Manifests
import Messaging
import PatientPolling
import Synchronization
import Testing
import Waiting

@testable import Webhooks

/// Where requests are composed, with the real client: its answers need no endpoint, because no address is allowed.
@Suite(.hangGuard)
struct ComposingTests {
    private static let large = [UInt8](repeating: 0, count: 1 << 20)

    /// What a test finds out, on whatever thread.
    private final class Notes: Sendable {
        private let state = Mutex<[String]>([])
        let gate = DispatchSemaphore(value: 0)
        let begun = DispatchSemaphore(value: 0)

        var lines: [String] { self.state.withLock { $0 } }
        func add(_ line: String) { self.state.withLock { $0.append(line) } }

        /// A composer that notes the thread it runs on.
        ///
        /// - Parameter isHeld: it waits for the gate before it is done.
        func composer(isHeld: Bool = false) -> RequestComposer {
            let loop = Self.thread
            return RequestComposer { (_, _) throws(Undeliverable) in
                self.add("composed on \(Self.thread)")
                self.begun.signal()
                // On the loop's own thread nobody could open the gate any more.
                if isHeld, Self.thread != loop { Self.wait(for: self.gate) }
                return (HeaderBlock(), [])
            }
        }

        static func wait(for semaphore: DispatchSemaphore) {
            let limit = DispatchTime.now() + .seconds(Int(Patience.usual.components.seconds))
            #expect(semaphore.wait(timeout: limit) == .success)
        }

        /// The name of the thread that asks.
        static var thread: String {
            let name = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
            return String(name?.prefix { $0 != "\n" } ?? "")
        }
    }

    private let loop: EventLoop
    private let client: HTTPClient

    init() throws {
        self.loop = try EventLoop()
        self.client = try HTTPClient(HTTPClient.Configuration(addresses: AddressGuard(allowing: [])))
    }

    private func invoker(_ composer: RequestComposer) throws -> WebhookInvoker {
        let manifest = try WebhookManifest.test(url: "https://127.0.0.1:1/")
        return try WebhookInvoker(
            manifest,
            credentials: manifest.credentials(),
            composer: composer,
            client: self.client,
            loop: self.loop,
            clock: .system,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Turns the loop until somebody stops it. What does not come fails the test in the end.
    private func run() {
        self.loop.schedule(after: Patience.usual) { [loop] in
            Issue.record("\(OutOfPatience(waitingFor: "answer"))")
            loop.stop()
        }
        self.loop.run()
    }

    /// What the composer notes of a batch.
    private func threads(of sizes: [Int]) throws -> [String] {
        let notes = Notes()
        let invoker = try self.invoker(notes.composer())
        var ids: Set<InvocationID> = []
        invoker.start { [loop] event in
            if case .results(let results) = event { ids.formUnion(results.map(\.id)) }
            if ids.count == sizes.count { loop.stop() }
        }
        for (index, size) in sizes.enumerated() {
            invoker.invoke(.test(id: InvocationID(rawValue: UInt64(index)), body: [UInt8](repeating: 0, count: size)))
        }
        invoker.flush()
        self.run()
        self.client.stop()
        return notes.lines.map { String($0.dropFirst("composed on ".count)) }
    }

    @Test(arguments: [0, 64 << 10])
    func `what is quickly composed is composed where it is`(size: Int) throws {
        #expect(try self.threads(of: [size]) == [Notes.thread])
    }

    @Test(arguments: [64 << 10 + 1, 1 << 20])
    func `what takes long is composed on a thread of its own`(size: Int) throws {
        #expect(try self.threads(of: [size]) == ["compose"])
    }

    @Test func `of many together no more is composed on the loop than of one`() throws {
        let threads = try self.threads(of: [1 << 20] + [Int](repeating: 1 << 10, count: 200))
        #expect(threads.count == 201)
        #expect(threads.count { $0 == Notes.thread } == 64)
        #expect(threads.count { $0 == "compose" } == 137)
    }

    @Test func `while a large request is being composed the loop turns and others are sent`() throws {
        let notes = Notes()
        let slow = try self.invoker(notes.composer(isHeld: true))
        let neighbour = try self.invoker(notes.composer())
        neighbour.start { event in
            guard case .results = event else { return }
            notes.add("the neighbour's answer")
            notes.gate.signal()
        }
        slow.start { [loop] event in
            guard case .results = event else { return }
            notes.add("the large one's answer")
            loop.stop()
        }
        slow.invoke(.test(id: 1, body: Self.large))
        slow.flush()
        Notes.wait(for: notes.begun)
        neighbour.invoke(.test(id: 1, body: []))
        neighbour.flush()
        self.run()
        #expect(
            notes.lines == [
                "composed on compose", "composed on \(Notes.thread)", "the neighbour's answer",
                "the large one's answer",
            ]
        )
        self.client.stop()
    }

    @Test(arguments: [1 << 10, 1 << 20])
    func `an event of which no request can be made is undecodable, and those beside it are not`(size: Int) throws {
        let invoker = try self.invoker(
            RequestComposer { (invocation, _) throws(Undeliverable) in
                if invocation.id.rawValue % 2 == 0 { throw Undeliverable(reason: "it is even") }
                return (HeaderBlock(), [])
            }
        )
        var outcomes: [InvocationID: Outcome] = [:]
        invoker.start { [loop] event in
            if case .results(let results) = event {
                for result in results {
                    #expect(outcomes.updateValue(result.outcome, forKey: result.id) == nil, "it ended twice")
                }
            }
            if outcomes.count == 8 { loop.stop() }
        }
        for id in InvocationID.each(1...8) {
            invoker.invoke(.test(id: id, body: [UInt8](repeating: 0, count: size)))
        }
        invoker.flush()
        self.run()
        for (id, outcome) in outcomes {
            if id.rawValue % 2 == 0 {
                #expect(outcome == .undecodable(Failure(type: "Undeliverable", message: "it is even")))
            } else if case .failed(let failure) = outcome {
                #expect(failure.type == "blocked_ip")
            } else {
                Issue.record("\(id): \(outcome)")
            }
        }
        self.client.stop()
    }

    @Test func `what is withdrawn while it is being composed is not sent, and has no result`() throws {
        let notes = Notes()
        let invoker = try self.invoker(notes.composer(isHeld: true))
        var results: [InvocationID] = []
        invoker.start { [loop] event in
            guard case .results(let new) = event else { return }
            results += new.map(\.id)
            loop.stop()
        }
        invoker.invoke(.test(id: 1, body: Self.large))
        invoker.flush()
        Notes.wait(for: notes.begun)
        invoker.invoke(.test(id: 2, body: Self.large))
        #expect(Set(invoker.withdraw()) == [1, 2])
        // Composed after the first, so that one has been reported before.
        invoker.invoke(.test(id: 3, body: Self.large))
        invoker.flush()
        for _ in 0..<2 { notes.gate.signal() }
        self.run()
        #expect(results == [3])
        #expect(notes.lines == ["composed on compose", "composed on compose"])
        self.client.stop()
    }

    @Test func `a client that ends answers what waits to be composed, and what comes too late`() throws {
        let notes = Notes()
        let reports = try Mailbox<[ClientReport]>()
        let terms = RequestTerms(
            composer: notes.composer(isHeld: true),
            token: nil,
            route: HTTPRoute(url: try WebhookURL("https://127.0.0.1:1/"), timeout: .seconds(5)),
            excerptLimit: 0,
            replyTo: reports
        )
        func batch(_ ids: ClosedRange<UInt64>) -> RequestBatch {
            RequestBatch(terms: terms, invocations: InvocationID.each(ids).map { .test(id: $0, body: Self.large) })
        }
        var answers: [UInt64: HTTPAnswer.Result] = [:]
        reports.attach(to: self.loop) { [loop, client] batches in
            for report in batches.joined() {
                switch report {
                case .answered(let answer):
                    #expect(answers.updateValue(answer.result, forKey: answer.id) == nil, "it was answered twice")
                case .composed(let request): client.send([request])
                case .notComposed(let id, _): Issue.record("\(id)")
                }
            }
            // What waits is answered although the thread is held.
            if answers.count == 2 {
                #expect(Set(answers.keys) == [3, 4])
                client.compose(batch(5...5))
            }
            if answers.count == 3 { for _ in 0..<2 { notes.gate.signal() } }
            if answers.count == 5 { loop.stop() }
        }
        self.client.compose(batch(1...2))
        Notes.wait(for: notes.begun)
        self.client.compose(batch(3...4))
        self.client.stop()
        self.run()
        for id in 1...5 as ClosedRange<UInt64> {
            guard case .failed(.client, "the host has stopped")? = answers[id] else {
                Issue.record("\(id): \(String(describing: answers[id]))")
                continue
            }
        }
    }
}
