import FoundationEssentials
import Testing

/// A bundle that is none, or whose worker misbehaves, and what the operator is told.
struct BadBundle: Sendable, CustomTestStringConvertible {
    /// What is at the bundle's place.
    enum Kind: Sendable {
        case nothing
        case file(String, permissions: Int)
        case directory
        /// `evil-worker` under its name.
        case evil
    }

    /// What becomes of the function's events.
    enum Fate: Sendable {
        /// They wait in the queue for a better bundle.
        case wait
        /// They wait, or became dead letters because a worker died over one of them alone.
        case waitOrDie
        /// They are handled all the same.
        case handled
        /// They become dead letters: a worker died over each of them alone.
        case die
    }

    let name: String
    let kind: Kind
    /// What the log says of the function.
    let reason: String
    let fate: Fate
    /// What `validate` says, when it can see it.
    let validation: String?

    var testDescription: String { self.name }

    private init(_ name: String, _ kind: Kind, _ fate: Fate, _ reason: String, validation: String? = nil) {
        self.name = name
        self.kind = kind
        self.reason = reason
        self.fate = fate
        self.validation = validation
    }

    private static func evil(_ name: String, _ fate: Fate, _ reason: String, validation: String? = nil) -> BadBundle {
        BadBundle("evil-\(name)", .evil, fate, reason, validation: validation)
    }

    private static let noFunction = "has no function 'work'; list it in the bundle's 'functions'"

    static let all = [
        BadBundle("missing", .nothing, .wait, "No such file", validation: "there is no bundle 'missing'"),
        BadBundle(
            "not-executable",
            .file("#!/bin/sh\n", permissions: 0o644),
            .wait,
            "Permission denied",
            validation: "there is no bundle 'not-executable'"
        ),
        BadBundle("directory", .directory, .wait, "Permission denied", validation: "there is no bundle 'directory'"),
        BadBundle("script", .file("#!/bin/sh\nexit 7\n", permissions: 0o755), .wait, "code 7", validation: noFunction),
        BadBundle("text", .file("hello\n", permissions: 0o755), .wait, "Exec format error", validation: noFunction),
        Self.evil("old-protocol", .wait, "version 99 of the worker protocol and this host", validation: noFunction),
        Self.evil("other-function", .wait, "no function 'work'; it has: rest, play", validation: "rest"),
        Self.evil("garbage", .wait, "broke the worker protocol", validation: noFunction),
        Self.evil("giant", .wait, "a frame announces 4294967295 bytes", validation: noFunction),
        Self.evil("exits", .wait, "it exited with code 3", validation: noFunction),
        Self.evil("closes", .wait, "it closed its socket and did not exit"),
        Self.evil("closes-after-hello", .wait, "it closed its socket and did not exit"),
        Self.evil("start-fails", .wait, "it could not start its function: the database is on fire"),
        Self.evil("early", .wait, "a frame of kind result came while the worker was initialising"),
        Self.evil("dies-ready", .waitOrDie, "it exited with code 4"),
        Self.evil("twice", .handled, "which it was not running"),
        Self.evil("stranger", .die, "which it was not running"),
        Self.evil("bad-outcome", .die, "a result has the unknown outcome 99"),
        Self.evil("cut-result", .die, "broke the worker protocol"),
    ]

    /// Puts it among the bundles.
    func install(in workshop: Workshop) throws {
        let path = "\(workshop.bundles)/\(self.name)"
        switch self.kind {
        case .nothing: break
        case .file(let text, let permissions):
            try workshop.write("../bundles/\(self.name)", Array(text.utf8))
            try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path)
        case .directory:
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        case .evil:
            try workshop.install("evil-worker", as: self.name)
        }
    }
}
