import Manifests
import Testing

@Suite struct ManifestDurationTests {
    @Test(arguments: [
        ("0s", Duration.zero), ("1ms", .milliseconds(1)), ("250ms", .milliseconds(250)), ("10s", .seconds(10)),
        ("5m", .seconds(300)), ("2h", .seconds(7200)), ("3d", .seconds(259_200)), ("1500ms", .milliseconds(1500)),
    ])
    func `a number with a unit is a duration`(_ text: String, _ duration: Duration) throws {
        #expect(try ManifestDuration.parse(text) == duration)
    }

    @Test(arguments: [
        ("", ManifestDuration.Problem.empty),
        ("10", .unitMissing),
        ("s", .notAnInteger("s")),
        ("1.5s", .notAnInteger("1.5s")),
        ("-1s", .notAnInteger("-1s")),
        ("+1s", .notAnInteger("+1s")),
        ("10 s", .notAnInteger("10 s")),
        (" 10s", .notAnInteger(" 10s")),
        ("10s ", .notAnInteger("10s ")),
        ("01s", .notAnInteger("01s")),
        ("1h30m", .notAnInteger("1h30m")),
        ("١s", .notAnInteger("١s")),
        ("10S", .unitUnknown("S")),
        ("10sec", .unitUnknown("sec")),
        ("9223372036854775808s", .tooLong),
        ("9223372036854775807d", .tooLong),
        ("99999999999999999999999ms", .tooLong),
    ])
    func `anything else is refused`(_ text: String, _ problem: ManifestDuration.Problem) {
        #expect(throws: problem) { try ManifestDuration.parse(text) }
    }

    @Test(arguments: [
        "0s", "1ms", "999ms", "1500ms", "1s", "61s", "1m", "90m", "2h", "25h", "3d", "9223372036854775807ms",
    ])
    func `a duration is written as it is read`(_ text: String) throws {
        #expect(ManifestDuration.format(try ManifestDuration.parse(text)) == text)
    }
}
