/// Walks over JSON text without building values: it checks the grammar, and finds the position of a value.
///
/// A payload is passed on as its publisher wrote it: numbers keep their digits and objects the order of their keys,
/// which decoding and encoding would not guarantee. Source: RFC 8259.
package struct JSONScanner {
    /// The text is not what was expected.
    package struct Malformed: Error, Sendable, Equatable, CustomStringConvertible {
        package enum Kind: Sendable, Equatable {
            case grammar
            /// It may be JSON, but nests deeper than the scanner follows.
            case depth
            case notAnObject
        }

        package let kind: Kind
        /// The offset of the error: so many bytes in front of it are valid.
        package let offset: Int

        /// Completes the sentence "it is …".
        package var description: String {
            switch self.kind {
            case .grammar: "not JSON after byte \(self.offset)"
            case .depth: "nested deeper than \(JSONScanner.maximumDepth) levels after byte \(self.offset)"
            case .notAnObject: "not a JSON object"
            }
        }
    }

    /// One step of a path: a member of an object, or an element of an array, counted from 0.
    package enum Step: Sendable, Hashable {
        case member(String)
        case element(Int)
    }

    /// Deeper nesting is refused, so that a hostile payload cannot exhaust the stack.
    static let maximumDepth = 256

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        self.position = bytes.startIndex
    }

    /// Checks that the bytes are one JSON value and nothing else.
    package static func check(_ bytes: ArraySlice<UInt8>) throws(Malformed) {
        var scanner = JSONScanner(bytes)
        try scanner.skipValue(depth: 0)
        scanner.skipSpace()
        guard scanner.position == bytes.endIndex else { throw scanner.malformed }
    }

    /// The range of the value at the path, without the space around it. Of members with the same name the first one
    /// counts.
    ///
    /// - Parameter bytes: JSON that `check` has accepted.
    /// - Returns: `nil` if there is no such value.
    package static func find(_ path: [Step], in bytes: ArraySlice<UInt8>) throws(Malformed) -> Range<Int>? {
        var scanner = JSONScanner(bytes)
        for step in path {
            switch step {
            case .member(let name):
                guard try scanner.enter(member: Array(name.utf8)) else { return nil }
            case .element(let index):
                guard try scanner.enter(element: index) else { return nil }
            }
        }
        scanner.skipSpace()
        let start = scanner.position
        try scanner.skipValue(depth: 0)
        return start..<scanner.position
    }

    /// Visits the members of an object in their order, until `visit` returns false. `visit` gets each name as it is
    /// written between the quotes, and the range of its value. A byte order mark in front is ignored (RFC 8259, section
    /// 8.1).
    ///
    /// - Parameter bytes: any bytes. If they are not exactly one object, the error is thrown after the members in front
    ///   of it have been visited.
    package static func visitMembers(
        of bytes: ArraySlice<UInt8>,
        _ visit: (_ name: ArraySlice<UInt8>, _ value: Range<Int>) -> Bool
    ) throws(Malformed) {
        var scanner = JSONScanner(bytes)
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { scanner.position += 3 }
        scanner.skipSpace()
        guard scanner.take(UInt8(ascii: "{")) else { throw scanner.malformed(.notAnObject) }
        scanner.skipSpace()
        if scanner.peek != UInt8(ascii: "}") {
            repeat {
                scanner.skipSpace()
                let start = scanner.position + 1
                try scanner.skipString()
                let name = bytes[start..<scanner.position - 1]
                try scanner.expectColon()
                scanner.skipSpace()
                let value = scanner.position
                try scanner.skipValue(depth: 1)
                guard visit(name, value..<scanner.position) else { return }
                scanner.skipSpace()
            } while scanner.take(UInt8(ascii: ","))
        }
        guard scanner.take(UInt8(ascii: "}")) else { throw scanner.malformed }
        scanner.skipSpace()
        guard scanner.position == bytes.endIndex else { throw scanner.malformed }
    }

    // MARK: - Going in

    private mutating func enter(member name: [UInt8]) throws(Malformed) -> Bool {
        self.skipSpace()
        guard self.take(UInt8(ascii: "{")) else { return false }
        self.skipSpace()
        while self.peek != UInt8(ascii: "}") {
            self.skipSpace()
            let isWanted = try self.skipString(comparingTo: name)
            try self.expectColon()
            if isWanted { return true }
            try self.skipValue(depth: 0)
            self.skipSpace()
            guard self.take(UInt8(ascii: ",")) else { break }
        }
        return false
    }

    private mutating func enter(element index: Int) throws(Malformed) -> Bool {
        self.skipSpace()
        guard self.take(UInt8(ascii: "[")) else { return false }
        self.skipSpace()
        guard self.peek != UInt8(ascii: "]") else { return false }
        for _ in 0..<index {
            try self.skipValue(depth: 0)
            self.skipSpace()
            guard self.take(UInt8(ascii: ",")) else { return false }
        }
        return true
    }

    // MARK: - Skipping

    private mutating func skipValue(depth: Int) throws(Malformed) {
        self.skipSpace()
        switch self.peek {
        case UInt8(ascii: "{"): try self.skipObject(depth)
        case UInt8(ascii: "["): try self.skipArray(depth)
        case UInt8(ascii: "\""): try self.skipString()
        case UInt8(ascii: "t"): try self.skip("true")
        case UInt8(ascii: "f"): try self.skip("false")
        case UInt8(ascii: "n"): try self.skip("null")
        default: try self.skipNumber()
        }
    }

    private mutating func skipObject(_ depth: Int) throws(Malformed) {
        guard depth < Self.maximumDepth else { throw self.malformed(.depth) }
        self.position += 1
        self.skipSpace()
        guard !self.take(UInt8(ascii: "}")) else { return }
        repeat {
            self.skipSpace()
            try self.skipString()
            try self.expectColon()
            try self.skipValue(depth: depth + 1)
            self.skipSpace()
        } while self.take(UInt8(ascii: ","))
        guard self.take(UInt8(ascii: "}")) else { throw self.malformed }
    }

    private mutating func skipArray(_ depth: Int) throws(Malformed) {
        guard depth < Self.maximumDepth else { throw self.malformed(.depth) }
        self.position += 1
        self.skipSpace()
        guard !self.take(UInt8(ascii: "]")) else { return }
        repeat {
            try self.skipValue(depth: depth + 1)
            self.skipSpace()
        } while self.take(UInt8(ascii: ","))
        guard self.take(UInt8(ascii: "]")) else { throw self.malformed }
    }

    private mutating func skipString() throws(Malformed) {
        guard self.take(UInt8(ascii: "\"")) else { throw self.malformed }
        while let byte = self.peek {
            switch byte {
            case UInt8(ascii: "\""):
                self.position += 1
                return
            case UInt8(ascii: "\\"):
                self.position += 1
                try self.skipEscape()
            case 0..<0x20:
                throw self.malformed
            default:
                self.position += 1
            }
        }
        throw self.malformed
    }

    private mutating func skipEscape() throws(Malformed) {
        switch self.peek {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            self.position += 1
        case UInt8(ascii: "u"):
            self.position += 1
            for _ in 0..<4 {
                guard let digit = self.peek, digit.isHexadecimalDigit else { throw self.malformed }
                self.position += 1
            }
        default:
            throw self.malformed
        }
    }

    /// Skips a name, and returns whether it is the given one. A name with escapes is decoded for that.
    private mutating func skipString(comparingTo name: [UInt8]) throws(Malformed) -> Bool {
        let start = self.position + 1
        try self.skipString()
        let written = self.bytes[start..<self.position - 1]
        guard written.contains(UInt8(ascii: "\\")) else { return written.elementsEqual(name) }
        return JSONText.unescaped(written).utf8.elementsEqual(name)
    }

    private mutating func skipNumber() throws(Malformed) {
        _ = self.take(UInt8(ascii: "-"))
        if !self.take(UInt8(ascii: "0")) { try self.skipDigits() }
        if self.take(UInt8(ascii: ".")) { try self.skipDigits() }
        if self.take(UInt8(ascii: "e")) || self.take(UInt8(ascii: "E")) {
            if !self.take(UInt8(ascii: "+")) { _ = self.take(UInt8(ascii: "-")) }
            try self.skipDigits()
        }
    }

    private mutating func skipDigits() throws(Malformed) {
        guard let first = self.peek, first.isDecimalDigit else { throw self.malformed }
        while let byte = self.peek, byte.isDecimalDigit { self.position += 1 }
    }

    private mutating func skip(_ word: StaticString) throws(Malformed) {
        for index in 0..<word.utf8CodeUnitCount {
            // The index is within the literal, which lives forever.
            guard self.take(word.utf8Start[index]) else { throw self.malformed }
        }
    }

    private mutating func skipSpace() {
        while let byte = self.peek, byte == 0x20 || (0x09...0x0a).contains(byte) || byte == 0x0d {
            self.position += 1
        }
    }

    private mutating func expectColon() throws(Malformed) {
        self.skipSpace()
        guard self.take(UInt8(ascii: ":")) else { throw self.malformed }
    }

    private var peek: UInt8? { self.position < self.bytes.endIndex ? self.bytes[self.position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.peek == byte else { return false }
        self.position += 1
        return true
    }

    private var malformed: Malformed { self.malformed(.grammar) }

    private func malformed(_ kind: Malformed.Kind) -> Malformed {
        Malformed(kind: kind, offset: self.position - self.bytes.startIndex)
    }
}
