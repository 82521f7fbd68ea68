import FoundationEssentials

extension JSONDecoder {
    /// Dates as ISO 8601, with or without a fraction of a second. One for the process: a decoder keeps no state
    /// between calls, and making one costs more than decoding a small event.
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
    /// Dates as ISO 8601 in UTC, with milliseconds where there are any. Keys are sorted, so that a run that is repeated
    /// emits the same bytes: without it the order changes from process to process.
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

/// Times as CloudEvents and JSON payloads write them (RFC 3339).
///
/// Foundation both reads and writes them, because the two must agree: before 15 October 1582 it counts by the Julian
/// calendar, which `CivilDate` does not.
enum EventTime {
    static func parse(_ text: String) -> Date? {
        if let date = try? Date.ISO8601FormatStyle().parse(text) { return date }
        return try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)
    }

    static func text(_ date: Date) -> String {
        let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
        let isWhole = milliseconds.truncatingRemainder(dividingBy: 1000) == 0
        // The formatter cuts what is below a millisecond, and 0.123 has no exact form: half a millisecond more is cut.
        let middle = Date(timeIntervalSince1970: (milliseconds + 0.5) / 1000)
        return middle.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: !isWhole))
    }
}
