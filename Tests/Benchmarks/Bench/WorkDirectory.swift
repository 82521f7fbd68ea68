import Foundation

/// A temporary directory with the manifests and inputs of the benchmark.
struct WorkDirectory {
    let path: String

    /// A file with the event that the bare programs publish over and over.
    var body: String { "\(self.path)/body.json" }

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("warren-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        self.path = url.path
        try Self.reading(1).write(toFile: self.body, atomically: true, encoding: .utf8)
    }

    func remove() { try? FileManager.default.removeItem(atPath: self.path) }

    /// Writes one manifest for each name to a new directory, and returns the directory.
    func manifests(
        _ names: [String],
        handler: String,
        key: String,
        concurrency: Int = 64,
        environment: [String: String] = [:],
        in existing: String? = nil
    ) throws -> String {
        let directory = existing ?? "\(self.path)/manifests-\(names[0])"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let variables =
            environment.isEmpty
            ? "" : "env:\n" + environment.map { "  \($0.key): '\($0.value)'\n" }.joined()
        for name in names {
            let text = """
                apiVersion: warren/v1
                kind: Function
                name: \(name)
                handler: bench-functions/\(handler)
                events: { exchange: bench, keys: [\(key)] }
                concurrency: \(concurrency)
                \(variables)
                """
            try text.write(toFile: "\(directory)/\(name).yaml", atomically: true, encoding: .utf8)
        }
        return directory
    }

    /// A file with one JSON document of about 310 bytes a line.
    func readings(_ count: Int) throws -> String {
        let path = "\(self.path)/readings-\(count).ndjson"
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let file = FileHandle(forWritingAtPath: path)
        else { throw BenchError("cannot write \(path)") }
        defer { try? file.close() }
        var text = ""
        for number in 0..<count {
            text += Self.reading(number) + "\n"
            if number % 1000 == 999 {
                try file.write(contentsOf: Data(text.utf8))
                text = ""
            }
        }
        try file.write(contentsOf: Data(text.utf8))
        return path
    }

    static func reading(_ number: Int) -> String {
        """
        {"readingID":"r-\(10_000_000 + number)","sensor":{"id":"sensor-4711","kind":"thermometer",\
        "site":"Plant 7, hall B, row 12"},"value":\(21.375 + Double(number % 10)),"unit":"celsius",\
        "sequence":\(number),"tags":["calibrated","indoor","hourly"],\
        "note":"within the expected range for this time of the year","takenAt":"2026-05-04T12:30:00Z"}
        """
    }
}
