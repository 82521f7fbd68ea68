/// The name of a system user in a manifest.
enum UserName {
    struct Problem: FieldProblem, Equatable {
        let description = "it is not a valid name of a user"
        let remedy = "write the name of a user of the system: letters, digits, '_', '-' and '.', at most 32 characters"
    }

    /// Accepts what every Linux accepts. A name with a dash in front would be read as an option, and digits alone as a
    /// number.
    static func check(_ text: String) throws(Problem) -> String {
        func isLetter(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        func isAllowed(_ byte: UInt8) -> Bool {
            isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }
        guard let first = text.utf8.first, isLetter(first), text.utf8.count <= 32, text.utf8.allSatisfy(isAllowed)
        else { throw Problem() }
        return text
    }
}
