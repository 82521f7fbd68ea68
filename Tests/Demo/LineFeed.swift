import Foundation

/// Cuts what a program writes into lines.
enum LineFeed {
    /// Calls `body` with each whole line, until the other end is closed. Blocks.
    static func read(_ input: FileHandle, _ body: (Data) -> Void) {
        var buffer = Data()
        while true {
            let chunk = input.availableData
            guard !chunk.isEmpty else { return }
            buffer.append(chunk)
            while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                body(buffer[..<end])
                buffer = Data(buffer[(end + 1)...])
            }
        }
    }
}

extension Process {
    /// Asks it to end and waits for it, even in a cancelled task; one that does not end in time is killed.
    ///
    /// - Parameter ending: gets the exit code.
    /// - Returns: the exit code, or the signal's number.
    func end(_ ending: AsyncStream<Int32>, within limit: Duration) async -> Int32 {
        self.terminate()
        let impatience = Task {
            try await Task.sleep(for: limit)
            kill(self.processIdentifier, SIGKILL)
        }
        let code = await Task { await ending.first { _ in true } }.value
        impatience.cancel()
        return code ?? -1
    }
}
