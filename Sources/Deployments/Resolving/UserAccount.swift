import Glibc

/// A user of the system, as workers take its rights.
package struct UserAccount: Sendable, Equatable {
    package let name: String
    package let user: UInt32
    package let group: UInt32
    /// All groups that it is in, its own among them.
    package let groups: [UInt32]

    /// Why workers cannot run as a user.
    package enum Problem: Error, Equatable, CustomStringConvertible {
        case unknown(String)
        /// The system could not tell; with its error.
        case lookup(String, Int32)
        /// The host has no right to start processes of another user.
        case notAllowed(String)

        package var description: String {
            switch self {
            case .unknown(let name):
                "there is no user '\(name)' on this machine, which 'user' names: create it, or name another"
            case .lookup(let name, let code):
                "the user '\(name)' could not be looked up (\(String(cString: strerror(code))))"
            case .notAllowed(let name):
                "its workers are to run as '\(name)', and only a host that runs as root can start them as another user: "
                    + "run it as root, or remove 'user'"
            }
        }
    }

    /// The account of this name; nil when it is the one that the host runs as itself.
    package static func find(_ name: String) throws(Problem) -> UserAccount? {
        var buffer = [CChar](repeating: 0, count: 16 << 10)
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        let code = getpwnam_r(name, &entry, &buffer, buffer.count, &found)
        guard code == 0 else { throw .lookup(name, code) }
        guard found != nil else { throw .unknown(name) }
        guard entry.pw_uid != geteuid() else { return nil }
        guard geteuid() == 0 else { throw .notAllowed(name) }
        return UserAccount(
            name: name,
            user: entry.pw_uid,
            group: entry.pw_gid,
            groups: self.groups(of: name, entry.pw_gid)
        )
    }

    private static func groups(of name: String, _ group: gid_t) -> [UInt32] {
        // As many as the kernel takes (NGROUPS_MAX).
        var count: Int32 = 65_536
        var groups = [gid_t](repeating: 0, count: Int(count))
        guard getgrouplist(name, group, &groups, &count) >= 0 else { return [group] }
        return Array(groups.prefix(Int(count)))
    }
}

/// Whose rights the workers of a function have.
package enum ResolvedUser: Sendable, Equatable {
    /// The host's own.
    case ofHost
    case other(UserAccount)
    /// No worker can be started.
    case unavailable(reason: String)

    package var account: UserAccount? {
        switch self {
        case .other(let account): account
        case .ofHost, .unavailable: nil
        }
    }
}
