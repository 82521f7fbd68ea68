import Testing

/// Something that can be wrong with a manifest, and what its author is told.
struct ManifestMistake: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let manifest: [UInt8]
    /// `line:column`.
    let place: String
    let what: String
    let remedy: String
    /// Found by `validate` alone, because the bundles have to be asked.
    var needsBundles = false

    /// For its file.
    var name: String { self.testDescription.replacing(" ", with: "-") + ".yaml" }

    init(
        _ description: String,
        _ manifest: String,
        _ place: String,
        _ what: String,
        _ remedy: String,
        needsBundles: Bool = false
    ) {
        self.init(description, Array(manifest.utf8), place, what, remedy)
        self.needsBundles = needsBundles
    }

    init(_ description: String, _ manifest: [UInt8], _ place: String, _ what: String, _ remedy: String) {
        self.testDescription = description
        self.manifest = manifest
        self.place = place
        self.what = what
        self.remedy = remedy
    }

    /// A manifest that is right but for what is given.
    private static func manifest(
        _ name: String,
        handler: String = "orders/reserve-stock",
        keys: String = "[a.b]",
        more: String = ""
    ) -> String {
        """
        apiVersion: warren/v1
        kind: Function
        name: \(name)
        handler: \(handler)
        events:
          keys: \(keys)
        \(more)

        """
    }

    static let all = [
        Self("unknown key", manifest("key", more: "colour: red"), "7:1", "unknown key 'colour'", "allowed keys:"),
        Self("misspelt key", manifest("miss", more: "timeuot: 1s"), "7:1", "'timeuot'", "did you mean 'timeout'?"),
        Self(
            "missing key",
            "apiVersion: warren/v1\nkind: Function\nname: bare\nevents: { keys: [a] }\n",
            "1:1",
            "'handler' is missing",
            "add"
        ),
        Self(
            "wrong type",
            manifest("type", more: "concurrency: many"),
            "7:14",
            "'concurrency' must be a whole number",
            "digits"
        ),
        Self("wrong shape", manifest("shape", keys: "{a: b}"), "6:9", "'keys'", ""),
        Self(
            "duplicate name",
            manifest("twin") + "---\n" + manifest("twin"),
            "11:7",
            "the name 'twin' is taken",
            "rename"
        ),
        Self("bad duration", manifest("time", more: "timeout: soon"), "7:10", "'soon' is not a whole number", "250ms"),
        Self("empty word", manifest("word", keys: "[a..b]"), "6:10", "word 2 of the routing pattern is empty", "dots"),
        Self(
            "long pattern",
            manifest("long", keys: "[\(String(repeating: "a", count: 256))]"),
            "6:10",
            "256 bytes, and AMQP allows 255",
            ""
        ),
        Self("anchor", manifest("anchor", keys: "&keys [a.b]"), "6:9", "anchors are refused", "remove it"),
        Self("alias", manifest("alias", more: "queue: *name"), "7:8", "aliases are refused", "write"),
        Self("tag", manifest("tag", more: "queue: !!str q"), "7:8", "tags are refused", "remove"),
        Self(
            "eight megabytes",
            [UInt8](repeating: UInt8(ascii: "#"), count: 8 << 20),
            "1:1",
            "larger than 1024 KiB",
            "split it"
        ),
        Self(
            "not UTF-8",
            Array("apiVersion: warren/v1\nkind: Function\nname: caf".utf8) + [0xE9, 0x0A],
            "3:10",
            "not valid UTF-8",
            "save it as UTF-8"
        ),
        Self(
            "unknown bundle",
            manifest("bundle", handler: "ordres/reserve-stock"),
            "4:10",
            "there is no bundle 'ordres'",
            "did you mean 'orders'?",
            needsBundles: true
        ),
        Self(
            "unknown function",
            manifest("function", handler: "orders/reserve-stick"),
            "4:10",
            "no function 'reserve-stick'",
            "did you mean 'reserve-stock'?",
            needsBundles: true
        ),
    ]
}
