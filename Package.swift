// swift-tools-version: 6.2

import PackageDescription

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
    name: "warren",
    products: [
        .library(name: "Warren", targets: ["Warren"]),
        .library(name: "WarrenTesting", targets: ["WarrenTesting"]),
        .executable(name: "warren", targets: ["WarrenCommand"]),
        .executable(name: "orders", targets: ["ExampleOrders"]),
        .executable(name: "audit", targets: ["ExampleAudit"]),
        .executable(name: "hello", targets: ["ExampleHello"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
    ],
    targets: [
        // C: the only doors out of Swift.
        .systemLibrary(
            name: "CRabbitMQ",
            pkgConfig: "librabbitmq",
            providers: [.apt(["librabbitmq-dev"])]
        ),
        .systemLibrary(
            name: "CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]
        ),
        .systemLibrary(name: "CLinux"),
        .target(name: "CProcess"),
        .target(name: "CCompression"),

        // What the system gives, in Swift's words.
        .target(name: "Threads", dependencies: ["CLinux"]),
        .target(name: "Programs", dependencies: ["CProcess"]),

        // What a function author sees.
        .target(
            name: "Warren",
            dependencies: ["CCompression", "CLinux", "Messaging", "Threads", "WorkerProtocol", logging]
        ),
        .target(
            name: "WarrenTesting",
            dependencies: [
                "Warren", "Messaging", "WorkerProtocol", "EventLoops", "Manifests", "Topology", "Deployments",
                "Processing", "Invoking", logging, deque,
            ]
        ),

        // Values and rules, no I/O.
        .target(name: "Messaging"),
        .target(name: "WorkerProtocol", dependencies: ["Messaging"]),
        .target(name: "Manifests", dependencies: ["Messaging", .product(name: "Yams", package: "Yams")]),
        .target(name: "Topology", dependencies: ["Messaging", "Manifests"]),

        // What is to run: manifests and bundles as they lie on disk, and what follows when they change.
        .target(name: "Deployments", dependencies: ["CLinux", "Manifests", "EventLoops"]),

        // The data path, from delivery to settlement.
        .target(name: "EventLoops", dependencies: ["CLinux", "Threads", heap]),
        .target(name: "AMQP", dependencies: ["CRabbitMQ", "Messaging", "EventLoops", logging, deque]),
        // What runs an event: workers, endpoints, and whatever tests put in their place.
        .target(name: "Invoking", dependencies: ["Messaging", "EventLoops"]),
        .target(
            name: "Processing",
            dependencies: [
                "Messaging", "Manifests", "Topology", "Deployments", "Invoking", "EventLoops", logging, metrics, deque,
            ]
        ),
        .target(
            name: "Workers",
            dependencies: [
                "CLinux", "Messaging", "Manifests", "Deployments", "WorkerProtocol", "EventLoops", "Invoking",
                "Programs",
                logging, metrics, deque,
            ]
        ),

        .target(
            name: "Webhooks",
            dependencies: [
                "CCurl", "Messaging", "Manifests", "Deployments", "EventLoops", "Invoking", logging, deque, crypto,
            ]
        ),

        // The command and what it brings along.
        .target(name: "LocalBroker", dependencies: ["Messaging", "Programs"]),
        .executableTarget(
            name: "WarrenCommand",
            dependencies: [
                "CLinux", "Messaging", "Manifests", "Topology", "Deployments", "EventLoops", "AMQP", "Processing",
                "Invoking",
                "Workers", "Webhooks", "LocalBroker", arguments, lifecycle, signals, logging,
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),

        // The examples. Names of targets are one for a package and all that it depends on, so these leave the plain
        // ones, which executables have, to authors' packages.
        .executableTarget(name: "ExampleOrders", dependencies: ["Warren"], path: "functions/orders"),
        .executableTarget(name: "ExampleAudit", dependencies: ["Warren"], path: "functions/audit"),
        .executableTarget(name: "ExampleHello", dependencies: ["Warren"], path: "functions/hello"),
        .executableTarget(
            name: "warren-demo",
            dependencies: [
                "Messaging", "Topology", "EventLoops", "AMQP", "Processing", "LocalBroker", logging, signals,
            ],
            path: "Tests/Demo"
        ),

        // Tests: unit tests need no network, integration tests start a private RabbitMQ.
        .target(name: "SeededGeneration", dependencies: ["Messaging"], path: "Tests/SeededGeneration"),
        // Without the testing library, so that the benchmarks can have them, too.
        .target(name: "PatientPolling", dependencies: ["Messaging"], path: "Tests/PatientPolling"),
        .target(name: "KernelFiles", path: "Tests/KernelFiles"),
        .target(name: "Waiting", dependencies: ["PatientPolling"], path: "Tests/Waiting"),
        // Messages, and what everybody who reads them has to see.
        .target(name: "EventRows", dependencies: ["Messaging"], path: "Tests/EventRows"),
        .testTarget(name: "MessagingTests", dependencies: ["EventRows", "Messaging", "SeededGeneration"]),
        .testTarget(
            name: "WarrenTests",
            dependencies: [
                "Warren", "EventRows", "Messaging", "PatientPolling", "SeededGeneration", "Threads", "Waiting",
                "WorkerProtocol", logging,
            ]
        ),
        .testTarget(name: "HelloTests", dependencies: ["ExampleHello", "WarrenTesting"]),
        .testTarget(name: "WorkerProtocolTests", dependencies: ["WorkerProtocol", "Messaging", "SeededGeneration"]),
        .testTarget(name: "ManifestsTests", dependencies: ["Manifests", "Messaging"]),
        .testTarget(
            name: "TopologyTests",
            dependencies: ["Topology", "Manifests", "Messaging", "SeededGeneration"],
            exclude: ["plan.golden.txt"]
        ),
        .testTarget(
            name: "EventLoopsTests",
            dependencies: ["EventLoops", "KernelFiles", "PatientPolling", "SeededGeneration"]
        ),
        .testTarget(
            name: "DeploymentsTests",
            dependencies: [
                "CLinux", "CProcess", "Deployments", "Manifests", "Messaging", "PatientPolling", "EventLoops",
                "SeededGeneration", "Waiting",
            ]
        ),
        .testTarget(
            name: "ProcessingTests",
            dependencies: [
                "Processing", "Invoking", "WarrenTesting", "Deployments", "Topology", "Manifests", "Messaging",
                "PatientPolling", "EventLoops", "SeededGeneration", logging,
            ]
        ),
        .testTarget(
            name: "WorkersTests",
            dependencies: [
                "Workers", "Invoking", "Manifests", "Messaging", "KernelFiles", "PatientPolling", "EventLoops",
                "SeededGeneration", "test-functions", logging,
            ]
        ),
        .testTarget(
            name: "WebhooksTests",
            dependencies: [
                "CCurl", "Webhooks", "EventRows", "Invoking", "Deployments", "Manifests", "Messaging",
                "PatientPolling", "EventLoops", "SeededGeneration", "Waiting", logging,
            ]
        ),
        .testTarget(name: "LocalBrokerTests", dependencies: ["KernelFiles", "LocalBroker", "Waiting"]),
        .testTarget(name: "AMQPTests", dependencies: ["AMQP", "Messaging", "SeededGeneration"]),
        // What a broker has to do, tested over the one in memory and over RabbitMQ.
        .target(
            name: "BrokerConformance",
            dependencies: ["Messaging", "EventLoops", "Waiting"],
            path: "Tests/BrokerConformance"
        ),
        .testTarget(
            name: "WarrenTestingTests",
            dependencies: ["Warren", "WarrenTesting", "BrokerConformance", "Messaging", "EventLoops", "Waiting"]
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "AMQP", "BrokerConformance", "CLinux", "CRabbitMQ", "Invoking", "KernelFiles", "LocalBroker",
                "Manifests", "Messaging", "PatientPolling", "EventLoops", "Processing", "Workers", "WarrenCommand",
                "test-functions", "evil-worker", "evil-endpoint",
                "ExampleHello", "ExampleOrders",
                "ExampleAudit", "SeededGeneration", "Waiting", logging,
                .product(name: "InMemoryLogging", package: "swift-log"),
            ]
        ),
        // The functions that the integration tests run.
        .executableTarget(
            name: "evil-worker",
            dependencies: ["WorkerProtocol", "Messaging"],
            path: "Tests/EvilWorker"
        ),
        .executableTarget(name: "test-functions", dependencies: ["Warren"], path: "Tests/TestBundle"),
        // The endpoints that they deliver to.
        .executableTarget(name: "evil-endpoint", path: "Tests/EvilEndpoint"),

        // Benchmarks: librabbitmq without Warren, the yardstick.
        .target(name: "BareClient", dependencies: ["CRabbitMQ"], path: "Tests/Benchmarks/BareClient"),
        .executableTarget(
            name: "bare-consumer",
            dependencies: ["BareClient", "CRabbitMQ"],
            path: "Tests/Benchmarks/BareConsumer"
        ),
        .executableTarget(
            name: "bare-publisher",
            dependencies: ["BareClient", "CRabbitMQ"],
            path: "Tests/Benchmarks/BarePublisher"
        ),
        .executableTarget(name: "bare-webhook", dependencies: ["CCurl"], path: "Tests/Benchmarks/BareWebhook"),
        // Benchmarks: Warren beside it.
        .executableTarget(name: "bench-functions", dependencies: ["Warren"], path: "Tests/Benchmarks/BenchFunctions"),
        .executableTarget(
            name: "warren-bench",
            dependencies: [
                "AMQP", "Invoking", "KernelFiles", "LocalBroker", "Messaging", "PatientPolling", "EventLoops",
                "Processing", "Workers", logging,
            ],
            path: "Tests/Benchmarks/Bench"
        ),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        // SE-0335: `any` is written where an existential is meant.
        .enableUpcomingFeature("ExistentialAny"),
        // SE-0444: members are visible only from modules this file imports.
        .enableUpcomingFeature("MemberImportVisibility"),
        // SE-0409: an import is not part of the interface unless it says so.
        .enableUpcomingFeature("InternalImportsByDefault"),
        // SE-0461: a nonisolated async function stays on its caller's executor.
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        // SE-0470: a conformance of an isolated type is isolated like it.
        .enableUpcomingFeature("InferIsolatedConformances"),
        // SE-0481: `weak let`.
        .enableUpcomingFeature("ImmutableWeakCaptures"),
        .treatAllWarnings(as: .error),
    ]
}
