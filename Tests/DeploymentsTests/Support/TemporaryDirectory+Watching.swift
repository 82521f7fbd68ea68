import Deployments

extension TemporaryDirectory {
    /// With a directory for manifests, and a bundle that can be started.
    static func forDeployments() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        try directory.makeDirectory("manifests")
        try directory.deploy("/bin/sh", as: "orders")
        return directory
    }

    func watch(telling record: WatchRecord) throws -> DeploymentWatcher {
        let path = self.path
        let reader = DeploymentReader(
            namespace: "t",
            manifestDirectory: "\(path)/manifests",
            bundlePath: { "\(path)/\($0)" },
            environment: { [:] }
        )
        return try DeploymentWatcher(reader: reader) { record.hear($0, $1, $2) }
    }
}
