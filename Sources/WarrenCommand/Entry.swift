import ArgumentParser
import CLinux

/// The entry point of the process.
///
/// The command has secrets in its environment and memory: the broker's password, and values that manifests take from
/// variables and files. So before anything else it denies access to other processes of its user, including the workers,
/// and disables core files.
@main
enum Entry {
    @concurrent static func main() async {
        _ = warren_conceal_process()
        await WarrenCommand.main()
    }
}
