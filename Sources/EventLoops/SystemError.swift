import Glibc

/// A system call that failed.
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    package let call: String
    package let code: Int32

    /// Takes the code from `errno` unless it is given.
    package init(_ call: String, code: Int32? = nil) {
        self.call = call
        self.code = code ?? errno
    }

    package var description: String {
        "\(self.call) failed: \(String(cString: strerror(self.code))) (errno \(self.code))"
    }
}
