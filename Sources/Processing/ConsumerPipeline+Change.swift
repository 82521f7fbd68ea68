package import Manifests
import Messaging
package import Topology

/// Another version of the function takes over while events run.
extension ConsumerPipeline {
    /// How a change ended.
    package enum ChangeResult: Sendable, Equatable {
        case switched
        /// The new version cannot run anything, for this reason; the present one goes on.
        case rejected(String)
    }

    /// What is to take the place of the present version.
    struct Candidate {
        let tenure: Tenure
        let manifest: ConsumerManifest
        let topology: TopologyPlan.Consumer
        let whenReady: () -> Void
        let completion: (ChangeResult) -> Void
    }

    /// Prepares another version of the function, on the same queue. When its invoker is ready `whenReady` is called, and
    /// the version takes over with `commitChange`: from then on it gets what comes, and the present one ends with what it runs. An invoker that cannot get ready is dropped, unless
    /// the present one never was either. A change that is under way is given up for this one, without its
    /// completion being called.
    package func change(
        to manifest: ConsumerManifest,
        topology: TopologyPlan.Consumer,
        invoker: any Invoker,
        whenReady: @escaping () -> Void,
        _ completion: @escaping (ChangeResult) -> Void
    ) {
        self.cancelChange()
        guard !self.isDraining else { return invoker.stop {} }
        let tenure = Tenure(invoker)
        self.candidate = Candidate(
            tenure: tenure,
            manifest: manifest,
            topology: topology,
            whenReady: whenReady,
            completion: completion
        )
        self.start(tenure)
    }

    package func cancelChange() {
        guard let candidate = self.candidate else { return }
        self.candidate = nil
        self.retire(candidate.tenure)
    }

    func judgeCandidate(_ reason: String) {
        guard let candidate = self.candidate else { return }
        // One that never could run anything has nothing to be defended for; one that could comes back.
        guard self.tenure.hasBeenReady else { return candidate.whenReady() }
        self.candidate = nil
        self.retire(candidate.tenure)
        candidate.completion(.rejected(reason))
    }

    /// What the prepared version needs is there: it takes over.
    package func commitChange() {
        guard let candidate = self.candidate else { return }
        let old = self.tenure
        // The old subscription and the new one overlap, each with its own unanswered acknowledgements.
        self.recentAcks.capacity = self.manifest.prefetch + candidate.manifest.prefetch
        self.candidate = nil
        self.tenure = candidate.tenure
        self.manifest = candidate.manifest
        self.topology = candidate.topology
        self.settlement.change(to: candidate.manifest, candidate.topology)
        self.inFlight.limit = candidate.manifest.inFlight
        // New code deserves to be tried.
        self.cancelPause()
        self.hold.end()
        self.breaker = Breaker(candidate.manifest.breaker)
        self.probe = nil
        let notBegun = old.invoker.withdraw()
        if self.tenure.isReady {
            old.running -= notBegun.count
            for id in notBegun { if let running = self.inFlight[id] { self.invoke(running) } }
        } else {
            self.giveBack(notBegun, of: old)
        }
        self.retire(old)
        candidate.completion(.switched)
        self.steer()
        self.fill()
    }

    func retire(_ tenure: Tenure) {
        self.retired.append(tenure)
        self.finishRetired()
    }

    func finishRetired() {
        for tenure in self.retired where tenure.running == 0 {
            self.retired.removeAll { $0 === tenure }
            self.stop(tenure)
        }
    }
}
