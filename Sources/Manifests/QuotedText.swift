extension String {
    /// The text in quotes, on one line and short enough for a message, whatever it contains.
    var quoted: String {
        let longest = 60
        var text = ""
        for scalar in self.unicodeScalars.prefix(longest) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
                text += scalar.escaped(asASCII: true)
            default: text.unicodeScalars.append(scalar)
            }
        }
        return self.unicodeScalars.count > longest ? "'\(text)…'" : "'\(text)'"
    }
}
