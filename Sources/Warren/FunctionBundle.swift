/// The program that holds functions: the entry point of an executable that Warren's host starts as a worker.
///
/// ```swift
/// @main struct Orders: FunctionBundle {
///     static var functions: [any Function.Type] { [ReserveStock.self, ChargePayment.self] }
/// }
/// ```
public protocol FunctionBundle {
    /// The functions that manifests can name. Each worker serves one of them.
    static var functions: [any Function.Type] { get }

    /// What the host shows of this build, such as a tag or a commit; `unversioned` by default.
    static var version: String { get }
}

extension FunctionBundle {
    public static var version: String { "unversioned" }

    /// Serves one function to the host that started this process. Started by hand, it says what it is and exits
    /// with 64; started by a host with limits that cannot be kept, with 70.
    @concurrent public static func main() async {
        // First of all: what follows runs the bundle's own code.
        let limits = LimitEnforcement.enforceFromEnvironment()
        await WorkerMain(functions: Self.functions, version: Self.version, limits: limits).run()
    }
}
