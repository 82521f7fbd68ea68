import ArgumentParser
import CLinux

/// Where the process begins.
///
/// The command has secrets in its environment and in its memory: the broker's password, what manifests take from
/// variables and files. Before anything else it closes them to other processes of its user, the workers among them, and
/// to core files.
@main
enum Entry {
    @concurrent static func main() async {
        _ = warren_conceal_process()
        await WarrenCommand.main()
    }
}
