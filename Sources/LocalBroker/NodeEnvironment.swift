/// The environment variables of the node and of `rabbitmqctl`.
///
/// Of the caller's environment only the search path, locale and time zone are passed on: an inherited `RABBITMQ_…` or
/// `ERL_…` could move files or open ports. For the same reason the variables name every file that RabbitMQ would
/// otherwise look for below `/etc/rabbitmq` and `/var/lib/rabbitmq` (https://www.rabbitmq.com/docs/configure).
enum NodeEnvironment {
    static func variables(
        directory: DataDirectory,
        ports: NodePorts,
        inherited: [String: String]
    ) -> [String: String] {
        let path = directory.path
        // Some systems install `epmd` with Erlang, outside the search path.
        let searchPath = (inherited["PATH"] ?? "/usr/local/bin:/usr/bin:/bin") + ":/usr/lib/erlang/bin"
        var variables = inherited.filter { ["LANG", "LC_ALL", "TZ"].contains($0.key) }
        variables.merge([
            "PATH": searchPath,
            "HOME": path,
            "TMPDIR": path,
            "RABBITMQ_NODENAME": directory.nodeName,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": "\(ports.amqp)",
            "RABBITMQ_DIST_PORT": "\(ports.distribution)",
            "ERL_EPMD_PORT": "\(ports.epmd)",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": "\(path)/mnesia",
            "RABBITMQ_LOG_BASE": "\(path)/log",
            // RabbitMQ logs to standard output, which is the log file: one place for the node's log and Erlang's last
            // output.
            "RABBITMQ_LOGS": "-",
            // No crash dump, which is megabytes that only Erlang's developers can read.
            "ERL_CRASH_DUMP_SECONDS": "0",
            "RABBITMQ_ENABLED_PLUGINS_FILE": directory.enabledPluginsPath,
            // No configuration files at all: reading `rabbitmq.conf` alone makes the start several seconds longer.
            "RABBITMQ_CONF_ENV_FILE": "\(path)/rabbitmq-env.conf",
            "RABBITMQ_CONFIG_FILE": "\(path)/rabbitmq",
            "RABBITMQ_CONFIG_FILES": "\(path)/conf.d",
            "RABBITMQ_ADVANCED_CONFIG_FILE": "\(path)/advanced.config",
            "RABBITMQ_GENERATED_CONFIG_DIR": "\(path)/generated",
            "RABBITMQ_SCHEMA_DIR": "\(path)/schema",
            // For every Erlang VM: distribution on loopback only, and no `epmd` but the one that we have started.
            "ERL_FLAGS": "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false",
            // Any port instead of one of eleven, because many commands may run at once.
            "RABBITMQ_CTL_DIST_PORT_MIN": "0",
            "RABBITMQ_CTL_DIST_PORT_MAX": "0",
            // The start script becomes the Erlang VM instead of waiting for it, so our child process is the node
            // itself.
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_START_ARGS": "-noinput",
        ]) { $1 }
        return variables
    }
}
