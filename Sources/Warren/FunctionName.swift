/// Derives the names of functions from the names of their types.
enum FunctionName {
    /// `ReserveStock` → `reserve-stock`, `HTTPCall` → `http-call`, `OrderV2Check` → `order-v2-check`.
    ///
    /// A word begins at an uppercase letter that follows a lowercase letter or a digit, and at the last uppercase
    /// letter of a run that continues in lowercase. Characters other than ASCII letters and digits separate words.
    static func kebabCase(_ typeName: String) -> String {
        let letters = Array(typeName.unicodeScalars)
        var result = ""
        for (index, letter) in letters.enumerated() {
            guard letter.isASCII, letter.properties.isAlphabetic || letter.properties.numericType != nil else {
                if !result.isEmpty, !result.hasSuffix("-") { result.append("-") }
                continue
            }
            if letter.properties.isUppercase, index > 0, !result.isEmpty, !result.hasSuffix("-") {
                let followsCapital = letters[index - 1].properties.isUppercase
                let precedesSmall = index + 1 < letters.count && letters[index + 1].properties.isLowercase
                if !followsCapital || precedesSmall { result.append("-") }
            }
            result.append(letter.properties.lowercaseMapping)
        }
        while result.hasSuffix("-") { result.removeLast() }
        return result
    }
}
