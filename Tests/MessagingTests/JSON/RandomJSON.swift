import Messaging
import SeededGeneration

/// An object or a list made at random, with the places of all values in it. It writes by itself, so that it shares no
/// mistake with the code under test.
struct RandomJSON {
    private(set) var bytes: [UInt8] = []
    /// The whole first, then its parts as deep as they go.
    private(set) var values: [(path: [JSONScanner.Step], range: Range<Int>)] = []
    private var random: SeededGenerator

    init(seed: UInt64) {
        self.random = SeededGenerator(seed: seed)
        self.space()
        self.container([], depth: 4)
        self.space()
    }

    private mutating func value(_ path: [JSONScanner.Step], depth: Int) {
        guard depth > 0, Bool.random(using: &self.random) else { return self.record(path) { $0.scalar() } }
        self.container(path, depth: depth)
    }

    private mutating func container(_ path: [JSONScanner.Step], depth: Int) {
        let isObject = Bool.random(using: &self.random)
        // The whole must have parts, else there is nothing to find.
        let count = Int.random(in: (path.isEmpty ? 1 : 0)...4, using: &self.random)
        self.record(path) { json in
            json.write(isObject ? "{" : "[")
            json.space()
            for index in 0..<count {
                if index > 0 { json.write(",") }
                json.space()
                if isObject {
                    // The number makes it the only one of its name.
                    let name = json.text() + "\(index)"
                    json.string(name)
                    json.space()
                    json.write(":")
                    json.space()
                    json.value(path + [.member(name)], depth: depth - 1)
                } else {
                    json.value(path + [.element(index)], depth: depth - 1)
                }
                json.space()
            }
            json.write(isObject ? "}" : "]")
        }
    }

    private mutating func record(_ path: [JSONScanner.Step], _ content: (inout Self) -> Void) {
        let (place, start) = (self.values.count, self.bytes.count)
        self.values.append((path, start..<start))
        content(&self)
        self.values[place].range = start..<self.bytes.count
    }

    private mutating func scalar() {
        switch Int.random(in: 0..<6, using: &self.random) {
        case 0: self.write("null")
        case 1: self.write("true")
        case 2: self.write("false")
        case 3: self.string(self.text())
        default: self.number()
        }
    }

    private mutating func number() {
        func digits(_ json: inout Self) -> String {
            (0..<Int.random(in: 1...25, using: &json.random))
                .map { _ in "\(Int.random(in: 0...9, using: &json.random))" }.joined()
        }
        if Bool.random(using: &self.random) { self.write("-") }
        self.write(
            Bool.random(using: &self.random) ? "0" : "\(Int.random(in: 1...9, using: &self.random))" + digits(&self)
        )
        if Bool.random(using: &self.random) { self.write("." + digits(&self)) }
        if Bool.random(using: &self.random) {
            let sign = ["", "+", "-"].randomElement(using: &self.random) ?? ""
            self.write((Bool.random(using: &self.random) ? "e" : "E") + sign + digits(&self))
        }
    }

    /// Each character as it is or escaped, whichever the grammar allows.
    private mutating func string(_ text: String) {
        self.write("\"")
        for scalar in text.unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            guard mustEscape || Int.random(in: 0..<4, using: &self.random) == 0 else {
                self.write(String(scalar))
                continue
            }
            for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
                let digits = String(unit, radix: 16, uppercase: Bool.random(using: &self.random))
                self.write("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
            }
        }
        self.write("\"")
    }

    private mutating func text() -> String {
        let alphabet: [Unicode.Scalar] = [
            "a", "b", "0", " ", "\"", "\\", "/", "{", "}", "[", "]", ":", ",", "\n", "\0", "\u{1F}", "\u{7F}", "é", "ſ",
            "中",
            "😀", "\u{301}", "\u{2028}", "\u{FFFF}",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...6, using: &self.random) {
            text.append(alphabet.randomElement(using: &self.random) ?? "a")
        }
        return String(text)
    }

    private mutating func space() {
        for _ in 0..<Int.random(in: 0...2, using: &self.random) {
            self.write([" ", "\t", "\n", "\r"].randomElement(using: &self.random) ?? " ")
        }
    }

    private mutating func write(_ text: String) { self.bytes.append(contentsOf: text.utf8) }
}
