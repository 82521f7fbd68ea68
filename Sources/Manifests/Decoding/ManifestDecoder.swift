/// Decodes a document according to its `apiVersion` and `kind`.
struct ManifestDecoder {
    private static let kinds = ManifestKind.allCases.map(\.rawValue)

    let problems: ProblemCollector

    /// - Returns: `nil`, or an incomplete manifest, if anything is wrong. Every mistake has been reported, and the
    ///   caller drops a manifest about which something was reported.
    func decode(_ value: YAMLValue) -> Manifest? {
        guard let entries = self.entries(of: value) else { return nil }
        let isKnownVersion = self.checkVersion(entries, at: value.location)
        guard let kind = self.kind(entries, at: value.location), isKnownVersion else { return nil }
        switch ManifestKind(rawValue: kind) {
        case .function:
            return FunctionManifestDecoder.decode(value, problems: self.problems).map(Manifest.function)
        case .webhook:
            return WebhookManifestDecoder.decode(value, problems: self.problems).map(Manifest.webhook)
        case nil:
            self.problems.report(
                "this version of Warren does not know the kind \(kind.quoted)",
                at: entries["kind"]?.value.location ?? value.location,
                remedy: Spelling.suggestion(for: kind, among: Self.kinds, label: "allowed kinds")
            )
            return nil
        }
    }

    private func entries(of value: YAMLValue) -> [String: YAMLEntry]? {
        switch value.content {
        case .refused:
            return nil
        case .scalar, .sequence:
            self.problems.report(
                "a manifest must be a mapping, found \(value.kind)",
                at: value.location,
                remedy: "start it with 'apiVersion: \(Manifest.apiVersion)'"
            )
            return nil
        case .mapping(let entries):
            return Dictionary(entries.map { ($0.key, $0) }) { first, _ in first }
        }
    }

    private func checkVersion(_ entries: [String: YAMLEntry], at location: SourceLocation) -> Bool {
        let remedy = "write 'apiVersion: \(Manifest.apiVersion)'"
        guard let entry = entries["apiVersion"] else {
            self.problems.report("the key 'apiVersion' is missing", at: location, remedy: remedy)
            // The key was most likely forgotten: check the rest as if it were there.
            return true
        }
        guard case .scalar(let scalar) = entry.value.content else {
            if case .refused = entry.value.content { return true }
            self.problems.report(
                "'apiVersion' must be a text, found \(entry.value.kind)",
                at: entry.value.location,
                remedy: remedy
            )
            return true
        }
        guard scalar.text == Manifest.apiVersion else {
            self.problems.report(
                "this version of Warren does not know the apiVersion \(scalar.text.quoted)",
                at: entry.value.location,
                remedy: remedy
            )
            return false
        }
        return true
    }

    private func kind(_ entries: [String: YAMLEntry], at location: SourceLocation) -> String? {
        let remedy = "write 'kind: \(Self.kinds.joined(separator: "' or 'kind: "))'"
        guard let entry = entries["kind"] else {
            self.problems.report("the key 'kind' is missing", at: location, remedy: remedy)
            return nil
        }
        switch entry.value.content {
        case .refused:
            return nil
        case .scalar(let scalar) where scalar.kind == .text:
            return scalar.text
        case .scalar, .sequence, .mapping:
            self.problems.report(
                "'kind' must be a text, found \(entry.value.kind)",
                at: entry.value.location,
                remedy: remedy
            )
            return nil
        }
    }
}
