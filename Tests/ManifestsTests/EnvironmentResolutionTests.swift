import Manifests
import Testing

@Suite struct EnvironmentResolutionTests {
    @Test func `values come from the manifest, the host's environment and files`() throws {
        let directory = try TemporaryDirectory()
        let resolved = try EnvironmentResolution.resolve(
            [
                "A": .literal("text"),
                "B": .fromEnvironment("SOURCE"),
                "C": .fromFile(try directory.write("secret\n".utf8, to: "c")),
                "D": .fromFile(try directory.write("two\r\n\r\n".utf8, to: "d")),
                "E": .fromFile(try directory.write("".utf8, to: "e")),
            ],
            manifest: "reserve-stock",
            environment: ["SOURCE": "", "OTHER": "not asked for"]
        )
        #expect(resolved == ["A": "text", "B": "", "C": "secret", "D": "two\r\n", "E": ""])
    }

    @Test func `everything that is missing is named at once, and no value is`() throws {
        let directory = try TemporaryDirectory()
        let binary = try directory.write([0x68, 0x75, 0x73, 0x68, 0xFF], to: "binary")
        let nul = try directory.write("hush\0".utf8, to: "nul")
        let large = try directory.write([UInt8](repeating: 0x61, count: 64 * 1024 + 1), to: "large")
        let failure = #expect(throws: EnvironmentResolution.Failure.self) {
            try EnvironmentResolution.resolve(
                [
                    "A": .literal("hush"),
                    "B": .fromEnvironment("ABSENT"),
                    "C": .fromFile(directory.path + "/absent"),
                    "D": .fromFile(binary),
                    "E": .fromFile(nul),
                    "F": .fromFile(large),
                    "G": .fromFile(directory.path),
                ],
                manifest: "reserve-stock",
                environment: ["OTHER": "hush"]
            )
        }
        let reasons = try #require(failure).reasons
        let expected = [
            "B wants the variable ABSENT, which the host does not have", "C wants the file", "D wants the file",
            "E wants the file", "F wants the file", "G wants the file",
        ]
        #expect(reasons.count == expected.count)
        for (reason, start) in zip(reasons, expected) { #expect(reason.hasPrefix(start)) }
        #expect(failure?.description.contains("'reserve-stock'") == true)
        #expect(failure?.description.contains("hush") == false)
    }

    @Test func `a manifest that is printed shows no literal value`() throws {
        let text = ManifestText.function(adding: "env: { TOKEN: hush }")
        let manifest = try #require(ManifestText.functions(text).first)
        #expect(manifest.env["TOKEN"] == .literal("hush"))
        #expect(!String(reflecting: manifest).contains("hush"))
    }

    @Test func `a file of exactly 64 KiB is taken`() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write([UInt8](repeating: 0x61, count: 64 * 1024), to: "full")
        let resolved = try EnvironmentResolution.resolve(["A": .fromFile(path)], manifest: "m", environment: [:])
        #expect(resolved["A"]?.utf8.count == 64 * 1024)
    }
}
