import Glibc

/// Takes all free descriptors from this process, and gives them back.
enum DescriptorShortage {
    static func set(_ isShort: Bool) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let lowest = open("/dev/null", O_RDONLY | O_CLOEXEC)
        if lowest >= 0 { close(lowest) }
        limit.rlim_cur = isShort && lowest >= 0 ? rlim_t(lowest) : min(limit.rlim_max, 1024)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
