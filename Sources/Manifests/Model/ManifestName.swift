/// The rules for names that a user chooses: of manifests, bundles, functions, exchanges, namespaces, and explicit
/// queues.
///
/// The allowed characters need no quoting in a shell, a URL or a file name, and cannot be mistaken for a wildcard in a
/// binding.
package enum ManifestName {
    /// The longest name, in characters. Two of them and a dot fit an AMQP short string of 255 bytes.
    package static let maximumLength = 120

    /// The longest name of a queue, in bytes, whether it is set by `queue:` or made from the namespace and the name.
    ///
    /// The routing key of a delayed message is 28 binary digits, each followed by a dot, and the queue's name: 56 bytes
    /// and the name share the 255 bytes of an AMQP routing key. Source: AMQP 0-9-1, section 4.2.5.3 (short strings).
    package static let maximumQueueLength = 199

    /// What is wrong with a name.
    package enum Problem: Error, Equatable, CustomStringConvertible {
        case empty
        case tooLong(characters: Int, allowed: Int)
        case forbiddenCharacter(Character)
        /// `.` and `..` are directories, not names.
        case onlyDots
        /// RabbitMQ reserves names that start with `amq.`.
        case reservedPrefix
        /// A handler without exactly one slash.
        case notBundleAndFunction
        /// A handler whose bundle has several `@`, or an empty part before or after it.
        case notBundleAndVersion
        /// A handler with the version behind the function instead of the bundle.
        case versionOfFunction

        package var description: String {
            switch self {
            case .empty: "the name is empty"
            case .tooLong(let characters, let allowed): "the name has \(characters) characters; the most is \(allowed)"
            case .forbiddenCharacter(let character): "the name contains \(String(character).quoted)"
            case .onlyDots: "the name consists of dots only"
            case .reservedPrefix: "the prefix 'amq.' belongs to the broker"
            case .notBundleAndFunction: "a handler is written bundle/function, with one slash"
            case .notBundleAndVersion: "a bundle with a version is written bundle@version, with one '@'"
            case .versionOfFunction: "the version follows the function, but it belongs to the bundle"
            }
        }

        /// How to correct it, for a `ManifestProblem`.
        package var remedy: String {
            switch self {
            case .empty, .forbiddenCharacter: "use letters, digits, '.', '_' and '-' only"
            case .tooLong(_, let allowed): "choose a name of at most \(allowed) characters"
            case .onlyDots: "add a letter or a digit"
            case .reservedPrefix: "choose a name that does not start with 'amq.'"
            case .notBundleAndFunction:
                "name an executable in the directory of bundles and a function it registers, such as orders/reserve-stock"
            case .notBundleAndVersion, .versionOfFunction: "write it as in orders@2/reserve-stock"
            }
        }
    }

    /// Checks a name against `[A-Za-z0-9._-]{1,maximum}`.
    package static func check(_ text: String, maximum: Int = Self.maximumLength) throws(Problem) {
        guard !text.isEmpty else { throw .empty }
        if let character = text.first(where: { !self.isAllowed($0) }) { throw .forbiddenCharacter(character) }
        guard text.utf8.count <= maximum else { throw .tooLong(characters: text.utf8.count, allowed: maximum) }
        guard text.contains(where: { $0 != "." }) else { throw .onlyDots }
    }

    /// Checks the name of an object on the broker: like `check`, and it must not start with `amq.`, which the broker
    /// refuses with ACCESS_REFUSED. Source: AMQP 0-9-1, section 3.1.3 and `queue.declare`.
    package static func checkBrokerObject(
        _ text: String,
        maximum: Int = Self.maximumLength
    ) throws(Problem) {
        try self.check(text, maximum: maximum)
        if text.hasPrefix("amq.") { throw .reservedPrefix }
    }

    private static func isAllowed(_ character: Character) -> Bool {
        guard character.isASCII else { return false }
        return character.isLetter || character.isNumber || character == "." || character == "_" || character == "-"
    }
}
