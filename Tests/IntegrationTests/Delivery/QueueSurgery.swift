import AMQP
import FoundationEssentials
import LocalBroker
import Messaging
import PatientPolling
import Testing
import Waiting

/// What an operator with a shell on the broker's node can do to the hosts that consume one queue, and to nobody else.
struct QueueSurgery: Sendable {
    private let node: LocalBroker
    private let queue: String

    init(_ queue: String, of node: LocalBroker) {
        self.queue = queue
        self.node = node
    }

    /// Closes the hosts' connections.
    ///
    /// - Returns: how many were closed.
    @discardableResult
    func cutConnections() async throws -> Int {
        try await self.onConsumers(
            """
            Connections = lists:usort([Connection(C) || {_, C} <- Consumers]),
            [rabbit_networking:close_connection(C, "cut by a test") || C <- Connections],
            length(Connections).
            """
        )
    }

    /// Has the queue forget the hosts without a word to their channels: nothing is delivered to them any more, and they
    /// are not told.
    ///
    /// - Returns: how many were removed.
    @discardableResult
    func removeConsumersSilently() async throws -> Int {
        try await self.onConsumers(
            """
            [{ok, _, _} = ra:process_command(Leader, rabbit_fifo:make_checkout(C, cancel, #{})) || C <- Consumers],
            length(Consumers).
            """
        )
    }

    /// The queue's process stands still: it answers nobody, and what it is asked waits.
    func suspend() async throws { try await self.onProcess("sys:suspend(Process)") }

    func resume() async throws { try await self.onProcess("sys:resume(Process)") }

    /// The process of a quorum queue has a name, which is the first half of what `amqqueue:get_pid` returns.
    private func onProcess(_ call: String) async throws {
        let output = try await self.node.control([
            "eval",
            """
            {ok, Queue} = rabbit_amqqueue:lookup(\(self.resource)),
            {Name, _} = amqqueue:get_pid(Queue),
            Process = whereis(Name),
            \(call).
            """,
        ])
        guard output.contains("ok") else { throw OutOfPatience(description: "rabbitmqctl answered '\(output)'") }
    }

    /// How many messages are with the hosts, neither acknowledged nor back.
    func unsettled() async throws -> Int {
        try await self.onConsumers(
            """
            Key = messages_unacknowledged,
            lists:sum([proplists:get_value(Key, rabbit_channel:info(C, [Key])) || {_, C} <- Consumers]).
            """
        )
    }

    /// How many hosts consume, those that wait for their turn included.
    func consumers() async throws -> Int { try await self.onConsumers("length(Consumers).") }

    /// The queue's name as an expression of Erlang.
    private var resource: String { "rabbit_misc:r(<<\"/\">>, queue, <<\"\(self.queue)\">>)" }

    /// `Consumers` are pairs of a tag and a channel, which is what `rabbit_fifo` knows a consumer by. They are read
    /// from the values of its table, which begin with channel and tag in RabbitMQ 3.10 and in 4.x; the keys differ.
    private func onConsumers(_ expression: String) async throws -> Int {
        let output = try await self.node.control([
            "eval",
            """
            {ok, Queue} = rabbit_amqqueue:lookup(\(self.resource)),
            Leader = amqqueue:get_pid(Queue),
            {ok, {_, Table}, _} = ra:leader_query(Leader, {rabbit_fifo, query_consumers, []}),
            Connection = fun(C) -> proplists:get_value(connection, rabbit_channel:info(C, [connection])) end,
            IsHost = fun(C) ->
                [{_, Properties}] = rabbit_reader:info(Connection(C), [client_properties]),
                lists:keyfind(<<"connection_name">>, 1, Properties) =:= {<<"connection_name">>, longstr, <<"warren intake">>}
            end,
            Consumers = [{element(2, V), element(1, V)} || V <- maps:values(Table), IsHost(element(1, V))],
            \(expression)
            """,
        ])
        guard let number = Int(output.filter { !$0.isWhitespace }) else {
            throw OutOfPatience(description: "rabbitmqctl answered '\(output)'")
        }
        return number
    }
}

extension TestBed {
    func surgery(_ function: String) -> QueueSurgery { QueueSurgery(self.queue(function), of: self.node) }

    /// Events that name it as their gate run until it is opened.
    var gate: String { "\(self.directory)/gate" }

    func openGate() throws { try "open".write(toFile: self.gate, atomically: true, encoding: .utf8) }

    /// Publishes events in this order; each must be confirmed.
    func publish(_ events: [(id: String, body: String)]) async throws -> Set<String> {
        let results = await self.broker.publish(events.map { self.event($0.body, id: $0.id) })
        guard results.allSatisfy({ $0 == .confirmed }) else {
            throw OutOfPatience(
                description: "the broker confirmed \(results.count { $0 == .confirmed }) of \(events.count)"
            )
        }
        return Set(events.map(\.id))
    }

    /// Waits until nothing is ready in the queue of the function: all of it is with a consumer, or gone.
    func waitUntilTaken(_ function: String) async throws {
        try await wait(for: "end of the messages ready in \(self.queue(function))") {
            try await self.broker.inspect(queue: self.queue(function))?.readyMessages == 0
        }
    }

    /// The account when no host runs any more: what was confirmed is handled, and nothing is anywhere else.
    func expectAllHandled(
        _ confirmed: Set<String>,
        as deed: String = "ended",
        by function: String,
        _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let handled = self.journal.deeds.events(deed)
        let ledger = try await self.ledger(confirmed: confirmed, handled: handled, function: function)
        ledger.expectBalance(location)
        #expect(
            ledger.queued.isEmpty && ledger.dead.isEmpty && ledger.parked.isEmpty,
            "queued \(ledger.queued), dead \(ledger.dead), parked \(ledger.parked)",
            sourceLocation: location
        )
    }
}
