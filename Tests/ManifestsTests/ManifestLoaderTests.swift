import Foundation
import Manifests
import Testing

@Suite struct ManifestLoaderTests {
    @Test func `all manifest files of a directory are read in the order of their names`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(ManifestText.function(name: "second").utf8, to: "b.yml")
        try directory.write(ManifestText.function(name: "first").utf8, to: "a.yaml")
        try directory.write("not: a manifest".utf8, to: ".hidden.yaml")
        try directory.write("not: a manifest".utf8, to: "readme.md")
        try directory.write("not: a manifest".utf8, to: "yaml")
        let loaded = ManifestLoader.load(directory: directory.path + "/")
        #expect(loaded.problems == [])
        #expect(loaded.manifests.map(\.name) == ["first", "second"])
        #expect(loaded.manifests.first?.source.file == directory.path + "/a.yaml")
    }

    @Test func `every bad file is reported and the good ones are kept`() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/a.yaml", withIntermediateDirectories: true)
        try directory.write([UInt8]("name: ok\nname: b".utf8) + [0xFF, 0xFE], to: "b.yaml")
        try directory.write("key: [".utf8, to: "c.yaml")
        try directory.write(ManifestText.function(name: "good").utf8, to: "d.yaml")
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/e.yaml",
            withDestinationPath: directory.path + "/nowhere"
        )
        try #require(mkfifo(directory.path + "/f.yaml", 0o600) == 0)
        let (manifests, problems) = ManifestLoader.load(directory: directory.path)
        #expect(manifests.map(\.name) == ["good"])
        #expect(problems == problems.sorted())
        let lines = problems.map { $0.description.dropFirst(directory.path.count + 1) }
        let expected = [
            "a.yaml:1:1: error: the manifest file cannot be used: it is not a regular file; rename it",
            "b.yaml:2:8: error: the file is not valid UTF-8; save it as UTF-8",
            "c.yaml:",
            "e.yaml:1:1: error: the manifest file cannot be used: it cannot be read (No such file or directory)",
            "f.yaml:1:1: error: the manifest file cannot be used: it is not a regular file",
        ]
        #expect(lines.count == expected.count)
        for (line, start) in zip(lines, expected) { #expect(line.hasPrefix(start)) }
    }

    @Test func `an empty file is a problem, and one with nothing but a comment is none`() throws {
        let directory = try TemporaryDirectory()
        try directory.write([UInt8](), to: "a.yaml")
        try directory.write("# later\n".utf8, to: "b.yaml")
        let (_, problems) = ManifestLoader.load(directory: directory.path)
        #expect(problems.map(\.file) == [directory.path + "/a.yaml"])
        #expect(problems.map(\.what) == ["the manifest file is empty"])
    }

    @Test func `a file may have 1 MiB and not a byte more`() throws {
        let directory = try TemporaryDirectory()
        let manifest = ManifestText.function(name: "large")
        let padding = String(repeating: "#", count: ManifestLoader.maximumFileSize - manifest.utf8.count)
        try directory.write((manifest + padding).utf8, to: "a.yaml")
        try directory.write((manifest + padding + "#").utf8, to: "b.yaml")
        let (manifests, problems) = ManifestLoader.load(directory: directory.path)
        #expect(manifests.map(\.name) == ["large"])
        #expect(problems.map(\.what) == ["the manifest file cannot be used: it is larger than 1024 KiB"])
    }

    @Test func `a directory that is missing is a problem and an empty one is none`() throws {
        let directory = try TemporaryDirectory()
        #expect(ManifestLoader.load(directory: directory.path).problems == [])
        let missing = ManifestLoader.load(directory: directory.path + "/missing").problems
        #expect(missing.count == 1)
        #expect(missing.first?.description.contains("missing:1:1: error: ") == true)
        let file = try directory.write("".utf8, to: "file")
        #expect(ManifestLoader.load(directory: file).problems.count == 1)
    }
}
