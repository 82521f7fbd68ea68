/// The name of a user of the system, as a manifest writes it.
enum UserName {
    struct Problem: FieldProblem, Equatable {
        let description = "it is no name of a user"
        let remedy = "write the name that the system has for it: letters, digits, '_', '-' and '.', at most 32 of them"
    }

    /// What every Linux takes: a dash in front would be an option, and digits alone a number.
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
