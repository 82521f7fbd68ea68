import FoundationEssentials

extension JSONDecoder {
    /// Reads dates as ISO 8601, with or without a fraction of a second. One decoder serves the whole process: it keeps
    /// no state between calls, and creating one costs more than decoding a small event.
    static let warren: JSONDecoder = {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            guard let date = EventTime.parse(try container.decode(String.self)) else {
                throw DecodingError.dataCorruptedError(
                    in: container,
                    debugDescription: "expected an ISO 8601 date such as 2026-01-31T12:00:00Z"
                )
            }
            return date
        }
        return decoder
    }()
}

extension JSONEncoder {
    /// Writes dates as ISO 8601 in UTC, with milliseconds if there are any. Keys are sorted, so that a repeated run
    /// emits the same bytes: otherwise their order differs between processes.
    static let warren: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(EventTime.text(date))
        }
        return encoder
    }()
}

/// Reads and writes times as CloudEvents and JSON payloads do (RFC 3339).
///
/// Foundation does both, because reading and writing must agree: before 15 October 1582 it uses the Julian calendar,
/// which `CivilDate` does not.
enum EventTime {
    static func parse(_ text: String) -> Date? {
        if let date = try? Date.ISO8601FormatStyle().parse(text) { return date }
        return try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)
    }

    static func text(_ date: Date) -> String {
        let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
        let isWhole = milliseconds.truncatingRemainder(dividingBy: 1000) == 0
        // The formatter truncates below the millisecond, and 0.123 has no exact representation, so half a millisecond
        // is added first.
        let middle = Date(timeIntervalSince1970: (milliseconds + 0.5) / 1000)
        return middle.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: !isWhole))
    }
}
