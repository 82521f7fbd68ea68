extension UInt8 {
    /// A digit of ASCII, as grammars mean it: no sign, no space, no other script.
    package var isDecimalDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    package var isHexadecimalDigit: Bool {
        self.isDecimalDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self | 0x20)
    }
}
