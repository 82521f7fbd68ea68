import LocalBroker
import Testing
import Waiting

extension LocalCluster {
    /// A queue as RabbitMQ lists it.
    private struct Queue {
        let name: String
        let leader: String
        /// Nil when the queue cannot tell.
        let messages: Int?
    }

    private func queues(seenBy node: LocalBroker) async throws -> [Queue] {
        let columns = ["name", "leader", "messages"]
        let table = try await node.control(["list_queues", "--quiet", "--no-table-headers"] + columns)
        return table.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count == columns.count else { return nil }
            return Queue(name: String(fields[0]), leader: String(fields[1]), messages: Int(fields[2]))
        }
    }

    /// RabbitMQ writes down which quorum queues it has some time after they were made; one that a power failure makes
    /// it forget never gets a leader again.
    func saveQueueNames() async throws {
        for node in self.nodes { try await node.control(["eval", "[dets:sync(Table) || Table <- dets:all()]."]) }
    }

    /// Waits until all nodes run and know each other, and every queue has a member on each: another node may go then,
    /// and leaves a majority.
    func isWhole() async throws {
        let question = """
            Nodes = lists:sort(rabbit_mnesia:cluster_nodes(all)),
            length(Nodes) =:= \(self.nodes.count) andalso
            lists:all(fun(Node) ->
                rpc:call(Node, rabbit, is_running, []) =:= true andalso
                lists:sort(rpc:call(Node, mnesia, system_info, [running_db_nodes])) =:= Nodes
            end, Nodes) andalso
            lists:all(fun(Queue) ->
                [{online, Online}, {leader, Leader}] = rabbit_quorum_queue:info(Queue, [online, leader]),
                length(Online) =:= length(Nodes) andalso lists:member(Leader, Nodes)
            end, rabbit_amqqueue:list()).
            """
        var found = ""
        try await wait(for: "all nodes and members of queues", found: { found }) {
            do {
                found = try await self.nodes[0].control(["eval", question])
            } catch {
                // A node that has missed too much starts again.
                found = "\(error)"
            }
            return found == "true\n"
        }
    }

    /// Ready ones and those on their way to a consumer; nil when the queue cannot tell.
    func messages(in queue: String) async throws -> Int? {
        try await self.queues(seenBy: self.nodes[0]).first { $0.name == queue }?.messages
    }

    /// The node that the consumer of a queue is connected to.
    func nodeOfConsumer(of queue: String) async throws -> LocalBroker {
        let table = try await self.nodes[0].control([
            "list_consumers", "--quiet", "--no-table-headers", "queue_name", "channel_pid",
        ])
        // A process is written with the name of its node.
        let line = try #require(table.split(separator: "\n").first { $0.hasPrefix("\(queue)\t") })
        return try #require(self.nodes.first { line.contains($0.nodeName) }, "\(line)")
    }

    /// Has a node lead a queue.
    func lead(_ queue: String, from node: LocalBroker) async throws {
        try await wait(for: "the new leader of \(queue)") {
            try await node.control([
                "eval",
                """
                {ok, Queue} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"\(queue)">>)),
                rabbit_quorum_queue:transfer_leadership(Queue, node()).
                """,
            ])
            return try await self.queues(seenBy: node).first { $0.name == queue }?.leader == node.nodeName
        }
    }
}
