/// Reads the `env:` mapping of a manifest. Its messages never show a value.
struct EnvironmentDecoder {
    let problems: ProblemCollector

    /// - Returns: the valid variables; the others have been reported.
    func decode(_ entry: YAMLEntry?) -> [String: ValueSource] {
        guard let entry else { return [:] }
        let entries: [YAMLEntry]
        switch entry.value.content {
        case .refused:
            return [:]
        case .scalar, .sequence:
            self.problems.report(
                "'env' must be a mapping, found \(entry.value.kind)",
                at: entry.value.location,
                remedy: "write one 'NAME: value' per variable, or remove 'env'"
            )
            return [:]
        case .mapping(let variables):
            entries = variables
        }
        let sources = ValueSourceDecoder(problems: self.problems)
        var values: [String: ValueSource] = [:]
        for variable in entries {
            if !ValueSourceDecoder.isVariableName(variable.key) {
                self.problems.report(
                    "\(variable.key.quoted) is not a valid name of an environment variable",
                    at: variable.location,
                    remedy: "use letters, digits and '_', and do not start with a digit"
                )
            }
            values[variable.key] = sources.decode(variable.value, subject: variable.key.quoted)
        }
        return values
    }
}
