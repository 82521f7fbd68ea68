/// Reads the `env:` mapping of a manifest. No message of it shows a value.
struct EnvironmentDecoder {
    private static let sourceKeys = ["fromEnv", "fromFile"]

    let problems: ProblemCollector

    /// - Returns: the variables that are right; the others have been reported.
    func decode(_ entry: YAMLEntry?) -> [String: EnvironmentValue] {
        guard let entry else { return [:] }
        let entries: [YAMLEntry]
        switch entry.value.content {
        case .refused:
            return [:]
        case .scalar, .sequence:
            self.problems.report(
                "'env' must be a mapping, found \(entry.value.kind)",
                at: entry.value.location,
                remedy: "write one 'NAME: value' a variable, or remove 'env'"
            )
            return [:]
        case .mapping(let variables):
            entries = variables
        }
        var values: [String: EnvironmentValue] = [:]
        for variable in entries {
            if !Self.isVariableName(variable.key) {
                self.problems.report(
                    "\(variable.key.quoted) is no name for an environment variable",
                    at: variable.location,
                    remedy: "use letters, digits and '_', and no digit first"
                )
            }
            values[variable.key] = self.value(of: variable)
        }
        return values
    }

    private func value(of variable: YAMLEntry) -> EnvironmentValue? {
        switch variable.value.content {
        case .refused:
            return nil
        case .scalar(let scalar):
            return self.literal(scalar, of: variable)
        case .sequence:
            self.problems.report(
                "the value of \(variable.key.quoted) must be a single value, found a list",
                at: variable.value.location,
                remedy: "write a text, or { fromEnv: NAME }, or { fromFile: /path }"
            )
            return nil
        case .mapping:
            return self.source(of: variable)
        }
    }

    private func literal(_ scalar: YAMLScalar, of variable: YAMLEntry) -> EnvironmentValue? {
        if scalar.kind == .nothing {
            self.problems.report(
                "\(variable.key.quoted) has no value",
                at: variable.value.location,
                remedy: "write \"\" for an empty text, or remove the variable"
            )
            return nil
        }
        if scalar.text.unicodeScalars.contains("\0") {
            self.problems.report(
                "the value of \(variable.key.quoted) contains the character NUL, which no environment can hold",
                at: variable.value.location,
                remedy: "remove the escape \\0"
            )
            return nil
        }
        return .literal(scalar.text)
    }

    private func source(of variable: YAMLEntry) -> EnvironmentValue? {
        guard
            let reader = MappingReader(
                variable.value,
                subject: "the value of \(variable.key.quoted)",
                allowed: Self.sourceKeys,
                problems: self.problems
            )
        else { return nil }
        switch (reader.entry("fromEnv"), reader.entry("fromFile")) {
        case (let name?, nil):
            return self.fromEnvironment(name, in: reader)
        case (nil, let path?):
            return self.fromFile(path, in: reader)
        case (nil, nil), (_?, _?):
            self.problems.report(
                "the value of \(variable.key.quoted) needs exactly one of fromEnv and fromFile",
                at: variable.value.location,
                remedy: "write { fromEnv: NAME } or { fromFile: /path }"
            )
            return nil
        }
    }

    private func fromEnvironment(_ entry: YAMLEntry, in reader: MappingReader) -> EnvironmentValue? {
        guard let name = reader.text(of: entry.value, subject: "'fromEnv'") else { return nil }
        guard Self.isVariableName(name) else {
            self.problems.report(
                "'fromEnv' must be the name of an environment variable",
                at: entry.value.location,
                remedy: "use letters, digits and '_', and no digit first"
            )
            return nil
        }
        return .fromEnvironment(name)
    }

    private func fromFile(_ entry: YAMLEntry, in reader: MappingReader) -> EnvironmentValue? {
        guard let path = reader.text(of: entry.value, subject: "'fromFile'") else { return nil }
        guard path.hasPrefix("/"), !path.unicodeScalars.contains("\0") else {
            self.problems.report(
                "'fromFile' must be an absolute path",
                at: entry.value.location,
                remedy: "start it with '/': the host's working directory is nobody's promise"
            )
            return nil
        }
        return .fromFile(path)
    }

    /// Source: POSIX.1-2017, Base Definitions, section 8.1, with lower-case letters too.
    private static func isVariableName(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, !("0"..."9").contains(first) else { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "A"..."Z", "a"..."z", "0"..."9", "_": true
            default: false
            }
        }
    }
}
