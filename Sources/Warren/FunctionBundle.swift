/// A program that contains functions: the entry point of an executable that Warren's host starts as a worker.
///
/// ```swift
/// @main struct Orders: FunctionBundle {
///     static var functions: [any Function.Type] { [ReserveStock.self, ChargePayment.self] }
/// }
/// ```
public protocol FunctionBundle {
    /// The functions that manifests can name. Each worker serves one of them.
    static var functions: [any Function.Type] { get }

    /// The version of this build, such as a tag or a commit, which the worker reports to the host; `unversioned` by
    /// default.
    static var version: String { get }
}

extension FunctionBundle {
    public static var version: String { "unversioned" }

    /// Serves one function to the host that started this process. A bundle that is started by hand explains what it is
    /// and exits with 64. If the host asks for limits that cannot be enforced, the bundle exits with 70.
    @concurrent public static func main() async {
        // Must come first: the next line runs the bundle's own code.
        let limits = LimitEnforcement.enforceFromEnvironment()
        await WorkerMain(functions: Self.functions, version: Self.version, limits: limits).run()
    }
}
