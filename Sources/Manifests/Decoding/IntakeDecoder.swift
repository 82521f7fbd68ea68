/// Reads how many events a function takes at a time: `concurrency`, `workers`, `ordered` and `batch`. Checks these
/// fields against each other.
struct IntakeDecoder {
    struct Intake {
        var concurrency: Int
        var workers: Int
        var ordered: Bool
        var batch: BatchPolicy?
    }

    let document: MappingReader
    /// The manifest's `timeout`; a batch must wait for a shorter time than this.
    let timeout: Duration

    /// - Parameter standard: the concurrency of a manifest that does not set it.
    /// - Returns: the fields, with defaults for those that are absent, or wrong and reported.
    func decode(concurrency standard: Int = 16) -> Intake {
        let ordered = self.document.boolean("ordered", default: false)
        let concurrency = self.document.integer(
            "concurrency",
            in: ConsumerManifest.allowedConcurrency,
            example: ordered ? 1 : standard
        )
        let workers = self.document.integer("workers", in: FunctionManifest.allowedWorkers, example: 1)
        let batch = self.batch()
        if ordered {
            self.checkOrdered("concurrency", concurrency)
            self.checkOrdered("workers", workers)
            self.checkOrderedHasNoBatch()
            return Intake(concurrency: 1, workers: 1, ordered: true, batch: nil)
        }
        let intake = Intake(concurrency: concurrency ?? standard, workers: workers ?? 1, ordered: false, batch: batch)
        self.checkProduct(intake)
        return intake
    }

    private func batch() -> BatchPolicy? {
        guard let reader = self.document.mapping("batch", allowed: ["size", "wait"]) else { return nil }
        let size =
            reader.requiredEntry("size", example: "100") == nil
            ? nil : reader.integer("size", in: BatchPolicy.allowedSize, example: 100)
        let standard = BatchPolicy(size: 1)
        let batch = BatchPolicy(
            size: size ?? standard.size,
            wait: reader.duration(
                "wait",
                atMost: BatchPolicy.longestWait,
                because: "the events that wait are held back from all hosts",
                default: standard.wait
            )
        )
        if batch.wait >= self.timeout {
            let (wait, timeout) = (ManifestDuration.format(batch.wait), ManifestDuration.format(self.timeout))
            let origin = reader.entry("wait") == nil ? "by default " : ""
            self.document.problems.report(
                "'wait' is \(origin)\(wait), and must be shorter than 'timeout' (\(timeout))",
                at: reader.entry("wait")?.value.location ?? reader.location,
                remedy: "shorten 'wait' or lengthen 'timeout'"
            )
        }
        if self.timeout > BatchPolicy.longestTimeout {
            self.document.problems.report(
                "'timeout' is \(ManifestDuration.format(self.timeout)), and with 'batch' at most "
                    + "\(ManifestDuration.format(BatchPolicy.longestTimeout)) is possible: an event may first wait for "
                    + "the previous batch, and the broker takes back events that are not settled within 30 minutes",
                at: self.document.entry("timeout")?.value.location ?? reader.location,
                remedy: "shorten it"
            )
        }
        return batch
    }

    // MARK: - Fields against each other

    private func checkOrdered(_ key: String, _ value: Int?) {
        guard let value, value != 1, let entry = self.document.entry(key) else { return }
        self.document.problems.report(
            "'\(key)' is \(value), and an ordered function runs one event at a time",
            at: entry.value.location,
            remedy: "remove '\(key)', or 'ordered'"
        )
    }

    private func checkOrderedHasNoBatch() {
        guard let entry = self.document.entry("batch") else { return }
        self.document.problems.report(
            "'batch' does not go with 'ordered': an ordered function runs one event at a time",
            at: entry.value.location,
            remedy: "remove 'batch', or 'ordered'"
        )
    }

    private func checkProduct(_ intake: Intake) {
        guard let batch = intake.batch, let entry = self.document.entry("batch") else { return }
        let (size, concurrency) = (batch.size, intake.concurrency)
        guard size * concurrency > ConsumerManifest.mostInFlight else { return }
        var place = entry.value.location
        if case .mapping(let fields) = entry.value.content, let field = fields.first(where: { $0.key == "size" }) {
            place = field.value.location
        }
        self.document.problems.report(
            "'size' (\(size)) times 'concurrency' (\(concurrency)) is \(size * concurrency) events in flight, "
                + "and at most \(ConsumerManifest.mostInFlight) are possible",
            at: place,
            remedy: "lower 'size' or 'concurrency'"
        )
    }
}
