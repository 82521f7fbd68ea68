extension EventEnvelope {
    /// The envelope with other values for some attributes. All other bytes stay as they are. A value takes the place of
    /// the member that `EventReader` would read; where there is none, the member comes first in the object.
    ///
    /// - Parameter bytes: an envelope that can be read.
    package static func setting(
        _ values: [EventReader.Attribute: String],
        in bytes: ArraySlice<UInt8>
    ) throws(JSONScanner.Malformed) -> [UInt8] {
        var places: [String: Range<Int>] = [:]
        try JSONScanner.visitMembers(of: bytes) { name, value in
            let name = JSONText.unescaped(name)
            places[name] = places[name] ?? value
            return true
        }
        var replacements: [(place: Range<Int>, text: String)] = []
        var additions: [(name: String, text: String)] = []
        for (attribute, text) in values {
            if let place = attribute.members.lazy.compactMap({ places[$0] }).first {
                replacements.append((place, text))
            } else {
                additions.append((attribute.members[0], text))
            }
        }
        // The object begins at the first brace: only space or a byte order mark may stand in front of it.
        let start = bytes.firstIndex(of: UInt8(ascii: "{")).map { $0 + 1 } ?? bytes.endIndex
        var output = Array(bytes[..<start])
        for (index, addition) in additions.sorted(by: { $0.name < $1.name }).enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            JSONText.appendString(addition.name.utf8, to: &output)
            output.append(UInt8(ascii: ":"))
            JSONText.appendString(addition.text.utf8, to: &output)
        }
        if !additions.isEmpty, !places.isEmpty { output.append(UInt8(ascii: ",")) }
        var position = start
        for (place, text) in replacements.sorted(by: { $0.place.lowerBound < $1.place.lowerBound }) {
            output.append(contentsOf: bytes[position..<place.lowerBound])
            JSONText.appendString(text.utf8, to: &output)
            position = place.upperBound
        }
        output.append(contentsOf: bytes[position...])
        return output
    }
}
