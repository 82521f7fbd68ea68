/// The account in figures, and what is wrong with it. Pure.
struct Summary {
    let account: Account
    let hostExitCode: Int32
    /// Messages by queue, after everybody has gone.
    let leftOver: [String: Int]

    private var published: Int { self.account.published?.count ?? 0 }
    private var dead: Int { self.account.dead.values.reduce(0, +) }

    var problems: [String] {
        var problems = self.account.problems
        if self.published != self.account.confirmed + self.dead {
            problems.append(
                "\(self.published) events were published, and \(self.account.confirmed + self.dead) have ended"
            )
        }
        if self.hostExitCode != 0 { problems.append("the host ended with exit code \(self.hostExitCode)") }
        for (queue, count) in self.leftOver.sorted(by: { $0.key < $1.key }) where count > 0 {
            problems.append("\(count) messages are left in \(queue)")
        }
        return problems
    }

    func lines(_ screen: Screen) -> [String] {
        let retried = Set(self.account.retries.map(\.eventID)).count
        var lines = [
            self.line("published", self.published, "order.placed, each confirmed by the broker"),
            self.line("confirmed", self.account.confirmed, "their stories ended in order.confirmed"),
            self.line("dead-lettered", self.dead, "their stories ended in a dead letter"),
        ]
        for (reason, count) in self.account.dead.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            lines.append(self.line("  \(reason)", count, ""))
        }
        lines.append(self.line("retries", self.account.retries.count, "of \(retried) events"))
        let taken = self.account.confirmations.count(where: self.account.isTaken)
        let made = self.account.deliveries.values.joined().count
        lines.append(self.line("delivered", taken, "to the partner by webhook, in \(made) requests, each signed"))
        let left = self.leftOver.values.reduce(0, +)
        lines.append(self.line("left over", left, "in \(self.leftOver.count) queues, after the host was stopped"))
        let sum = "\(self.published) published = \(self.account.confirmed) confirmed + \(self.dead) dead-lettered"
        lines.append("")
        lines.append(
            self.problems.isEmpty
                ? "\(screen.good("correct:")) \(sum); each event id has exactly one end"
                : "\(screen.bad("not correct"))"
        )
        return lines
    }

    private func line(_ name: String, _ count: Int, _ remark: String) -> String {
        let line = "\(name.rightPadded(to: 16))\("\(count)".leftPadded(to: 5))"
        return remark.isEmpty ? line : "\(line)   \(remark)"
    }
}
