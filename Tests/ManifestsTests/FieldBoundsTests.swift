import Manifests
import Testing

/// What is refused in the fields for a function's isolation, health and intake, where, and with which words. The
/// table's lines follow a good manifest of five lines.
@Suite struct FieldBoundsTests {
    private func expect(_ lines: String, _ place: String, _ message: String, _ location: Testing.SourceLocation) {
        let text = ManifestText.function(adding: lines)
        let problems = ManifestText.problems(text)
        #expect(ManifestText.functions(text) == [], sourceLocation: location)
        #expect(problems.count == 1, sourceLocation: location)
        #expect(
            problems.contains { $0.hasPrefix("\(ManifestText.file):\(place): error: ") && $0.contains(message) },
            "\(problems)",
            sourceLocation: location
        )
    }

    @Test(arguments: [
        ("timeoutGrace: 0s", "6:15", "'timeoutGrace' must be longer than zero; write a duration such as 2s"),
        ("timeoutGrace: 6m", "6:15", "'timeoutGrace' is 6m, and at most 5m is possible: the broker"),
        ("timeoutGrace: 2", "6:15", "'timeoutGrace': the duration has no unit"),
        ("limits: 64MiB", "6:9", "'limits' must be a mapping, found a text"),
        ("limits:", "6:8", "'limits' must be a mapping, found nothing"),
        ("limits: { ram: 64MiB }", "6:11", "unknown key 'ram' in 'limits'; "),
        ("limits: { memory: 64 }", "6:19", "'memory': the size has no unit; put KiB, MiB or GiB behind the number"),
        ("limits: { memory: 64MB }", "6:19", "'memory': the size has the unknown unit 'MB'; write 64MiB; the units"),
        ("limits: { memory: 64M }", "6:19", "'memory': the size has the unknown unit 'M'; write 64MiB"),
        ("limits: { memory: 31MiB }", "6:19", "'memory' is 31MiB, and must be from 32MiB to 1024GiB; write a size"),
        ("limits: { memory: 1025GiB }", "6:19", "'memory' is 1025GiB, and must be from 32MiB to 1024GiB"),
        ("limits: { memory: true }", "6:19", "'memory' must be a size, found a boolean; write it as 512KiB"),
        ("limits: { memory: }", "6:19", "'memory' must be a size, found nothing"),
        ("limits: { openFiles: 31 }", "6:22", "'openFiles' must be a whole number from 32 to 1048576, found '31'"),
        ("limits: { openFiles: 1048577 }", "6:22", "found '1048577'; write plain digits, such as 256"),
        ("limits: { cpuTime: 999ms }", "6:20", "'cpuTime' is 999ms, and must be from 1s to 365d"),
        ("limits: { cpuTime: 1500ms }", "6:20", "'cpuTime' must be whole seconds, found 1500ms"),
        ("limits: { cpuTime: 366d }", "6:20", "'cpuTime' is 366d"),
        ("recycle: { afterEvents: 0 }", "6:25", "'afterEvents' must be a whole number from 1 to 1000000000"),
        ("recycle: { afterEvents: 1000000001 }", "6:25", "found '1000000001'"),
        ("recycle: { afterTime: 999ms }", "6:23", "'afterTime' is 999ms, and must be from 1s to 30d; write a duration"),
        ("recycle: { afterTime: 31d }", "6:23", "'afterTime' is 31d"),
        ("recycle: { after: 1h }", "6:12", "unknown key 'after' in 'recycle'"),
        ("breaker: true", "6:10", "'breaker' must be a mapping, found a boolean"),
        ("breaker: { failures: 0 }", "6:22", "'failures' must be a whole number from 1 to 10000, found '0'"),
        ("breaker: { failures: 10001 }", "6:22", "found '10001'; write plain digits, such as 5"),
        ("breaker: { window: 999ms }", "6:20", "'window' is 999ms, and must be from 1s to 1d; write a duration"),
        ("breaker: { window: 25h }", "6:20", "'window' is 25h"),
        ("breaker: { pause: 99ms }", "6:19", "'pause' is 99ms, and must be from 100ms to 1h"),
        ("breaker: { pause: 61m }", "6:19", "'pause' is 61m"),
        ("breaker: { pauses: 1s }", "6:12", "unknown key 'pauses' in 'breaker'; did you mean 'pause'?"),
        ("onRemove: remove", "6:11", "'onRemove' must be keep or delete, found 'remove'; allowed values: "),
        ("onRemove: Keep", "6:11", "found 'Keep'; did you mean 'keep'?"),
        ("onRemove: no", "6:11", "'onRemove' must be keep or delete, found a boolean; write keep or delete"),
        ("onRemove: [delete]", "6:11", "'onRemove' must be keep or delete, found a list"),
    ])
    func `a wrong safeguard is reported at its place`(_ lines: String, _ place: String, _ message: String) {
        self.expect(lines, place, message, #_sourceLocation)
    }

    @Test(arguments: [
        ("ordered: yes", "6:10", "'ordered' must be true or false, found 'yes'; write true or false"),
        ("ordered: True", "6:10", "found 'True'"),
        ("ordered: off", "6:10", "found 'off'"),
        ("ordered: \"true\"", "6:10", "'ordered' must be true or false, found a text; remove the quotes"),
        ("ordered: 1", "6:10", "'ordered' must be true or false, found a number; write true or false"),
        ("ordered: strictly", "6:10", "found a text; write true or false"),
        ("ordered:", "6:9", "found nothing"),
        ("ordered: { keys: true }", "6:10", "found a mapping"),
        ("ordered: true\nconcurrency: 2", "7:14", "'concurrency' is 2, and an ordered function runs one event at a"),
        ("workers: 3\nordered: true", "6:10", "'workers' is 3, and an ordered function runs one event at a time; rem"),
        ("ordered: true\nbatch: { size: 1 }", "7:8", "'batch' does not go with 'ordered'"),
        ("ordered: true\nconcurrency: many", "7:14", "'concurrency' must be a whole number"),
        ("batch: 10", "6:8", "'batch' must be a mapping, found a number"),
        ("batch: {}", "6:8", "the key 'size' is missing; add 'size: 100'"),
        ("batch: { wait: 1s }", "6:8", "the key 'size' is missing"),
        ("batch: { size: 0 }", "6:16", "'size' must be a whole number from 1 to 1000, found '0'"),
        ("batch: { size: 1001 }", "6:16", "found '1001'"),
        ("batch: { size: 2, wait: 0ms }", "6:25", "'wait' must be longer than zero; write a duration such as 100ms"),
        ("timeout: 5m\nbatch: { size: 2, wait: 61s }", "7:25", "'wait' is 61s, and at most 1m is possible"),
        ("batch: { size: 2, wait: 30s }", "6:25", "'wait' is 30s, and must be shorter than 'timeout' (30s); shorten"),
        ("timeout: 50ms\nbatch: { size: 2 }", "7:8", "'wait' is by default 100ms, and must be shorter than 'timeout'"),
        (
            "batch: { size: 626 }", "6:16",
            "'size' (626) times 'concurrency' (16) is 10016 events in flight, and at most"
        ),
        ("concurrency: 11\nbatch: { size: 1000 }", "7:16", "is 11000 events in flight, and at most 10000 are possible"),
    ])
    func `a wrong intake is reported at its place`(_ lines: String, _ place: String, _ message: String) {
        self.expect(lines, place, message, #_sourceLocation)
    }

    @Test func `every field that an ordered function cannot have is reported`() {
        let text = ManifestText.function(adding: "batch: { size: 9 }\nworkers: 2\nordered: true\nconcurrency: 4")
        let lines = ManifestLoader.parse(text: text, file: "f.yaml").problems.map(\.line)
        #expect(lines == [6, 7, 9])
    }
}
