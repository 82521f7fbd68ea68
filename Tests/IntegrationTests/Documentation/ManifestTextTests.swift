import Manifests
import Testing

/// Manifests that the documentation shows are right, and the article on manifests names every field.
struct ManifestTextTests {
    private static let function = "apiVersion: warren/v1\nkind: Function\nname: shown\nhandler: shown/shown\n"
    private static let webhook = "apiVersion: warren/v1\nkind: Webhook\nname: shown\nurl: https://example.com/\n"
    private static let events = "events: { keys: [shown] }\n"
    /// A key that no mapping has.
    private static let unknown = "qqqqqqqq"

    private let documentation: Documentation

    init() throws { self.documentation = try Documentation() }

    @Test func `every manifest that is shown is right`() {
        let blocks = self.documentation.blocks("yaml")
        var whole = 0
        for (page, block) in blocks {
            if block.text.hasPrefix("apiVersion:") {
                whole += 1
                #expect(Self.problems(block.text) == [], "\(page)")
            } else {
                let asFunction = Self.problems(Self.function + Self.events + block.text)
                let asWebhook = Self.problems(Self.webhook + Self.events + block.text)
                #expect(asFunction.isEmpty || asWebhook.isEmpty, "\(page): \(asFunction) \(asWebhook)")
            }
        }
        #expect(whole > 2)
        #expect(blocks.count - whole > 5)
    }

    /// The mappings in which keys are fixed, by the path to them, with a manifest that has an unknown key there. In it
    /// the words `unknown: 1` stand for that key.
    static let mappings: [(path: String, manifest: String)] =
        [
            ("", function + events + "unknown: 1\n"), ("", webhook + events + "unknown: 1\n"),
            ("events.", function + "events: { keys: [shown], unknown: 1 }\n"),
            ("auth.basic.", webhook + events + "auth: { basic: { unknown: 1 } }\n"),
            ("auth.apiKey.", webhook + events + "auth: { apiKey: { unknown: 1 } }\n"),
            ("auth.oauth2.", webhook + events + "auth: { oauth2: { unknown: 1 } }\n"),
            ("auth.", webhook + events + "auth: { unknown: 1 }\n"),
            ("tls.", webhook + events + "tls: { unknown: 1 }\n"),
            ("retry.backoff.", function + events + "retry: { backoff: { unknown: 1 } }\n"),
        ]
        + ["batch", "retry", "breaker", "limits", "recycle"].map { name in
            ("\(name).", function + events + "\(name): { unknown: 1 }\n")
        }

    @Test(arguments: Self.mappings)
    func `every field is in the article`(_ path: String, _ manifest: String) throws {
        let fields = try self.documentation.article("Manifests").tableRows.flatMap { row in
            row.first?.matches(of: /`([^`]+)`/).map { String($0.1) } ?? []
        }
        // What the article has below the path, and what the reader of manifests says that there is. It names those
        // first that are most like the unknown one, and not all if there are many.
        let named = Set(
            fields.filter { $0.hasPrefix(path) }.map { field in
                String(field.dropFirst(path.count).prefix { $0 != "." })
            }
        )
        let (few, count) = try Self.allowedKeys(manifest, instead: Self.unknown)
        var allowed = few
        for key in named { allowed.formUnion(try Self.allowedKeys(manifest, instead: "\(key)_").keys) }
        #expect(allowed.subtracting(named) == [], "not in the article")
        // A key that the article lacks may be missing from each of the shortened lists.
        #expect(allowed.count == count)
    }

    /// The keys that may stand where an unknown one does: those that are listed, and how many there are in all.
    private static func allowedKeys(_ manifest: String, instead key: String) throws -> (keys: Set<String>, count: Int) {
        let problems = self.problems(manifest.replacing("unknown: 1", with: "\(key): 1"))
        let problem = try #require(problems.first { $0.contains("unknown key '\(key)'") }, "\(problems)")
        let list = try #require(problem.firstMatch(of: /allowed keys: (.*?)(?: and ([0-9]+) more)?$/))
        let keys = Set(list.1.split(separator: ", ").map(String.init))
        return (keys, keys.count + (list.2.flatMap { Int($0) } ?? 0))
    }

    private static func problems(_ manifest: String) -> [String] {
        ManifestLoader.parse(text: manifest, file: "shown.yaml").problems.map(\.description)
    }
}
