import Manifests
import Testing

@Suite struct ManifestSizeTests {
    @Test(arguments: [
        ("0KiB", 0), ("1KiB", 1024), ("512KiB", 524_288), ("64MiB", 67_108_864), ("1GiB", 1_073_741_824),
        ("1024GiB", 1_099_511_627_776), ("8589934591GiB", 9_223_372_035_781_033_984),
    ])
    func `a number with a unit is a size`(_ text: String, _ bytes: Int) throws {
        #expect(try ManifestSize.parse(text) == bytes)
    }

    @Test(arguments: [
        ("", ManifestSize.Problem.empty),
        ("64", .unitMissing),
        ("MiB", .notAnInteger("MiB")),
        ("1.5GiB", .notAnInteger("1.5GiB")),
        ("-1MiB", .notAnInteger("-1MiB")),
        ("64 MiB", .notAnInteger("64 MiB")),
        ("064MiB", .notAnInteger("064MiB")),
        ("٦MiB", .notAnInteger("٦MiB")),
        ("64MB", .unitUnknown("MB", meant: "64MiB")),
        ("64M", .unitUnknown("M", meant: "64MiB")),
        ("64mib", .unitUnknown("mib", meant: "64MiB")),
        ("1g", .unitUnknown("g", meant: "1GiB")),
        ("8kB", .unitUnknown("kB", meant: "8KiB")),
        ("64B", .unitUnknown("B", meant: nil)),
        ("1TiB", .unitUnknown("TiB", meant: nil)),
        ("8589934592GiB", .tooLarge),
        ("99999999999999999999KiB", .tooLarge),
    ])
    func `anything else is refused`(_ text: String, _ problem: ManifestSize.Problem) {
        #expect(throws: problem) { try ManifestSize.parse(text) }
    }

    @Test(arguments: ["0KiB", "1KiB", "1023KiB", "1MiB", "1025KiB", "64MiB", "1GiB", "1536MiB", "1024GiB"])
    func `a size is written as it is read`(_ text: String) throws {
        #expect(ManifestSize.format(try ManifestSize.parse(text)) == text)
    }
}
