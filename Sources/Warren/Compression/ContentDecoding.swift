import Messaging
import WorkerProtocol

/// Decompresses a payload according to the message's `content-encoding`, so that a function gets the payload that the
/// publisher meant. This holds for functions on `RawPayload`, too.
enum ContentDecoding {
    /// The maximum number of codings that were applied one after the other. Each one costs as much to undo as the
    /// first.
    private static let mostCodings = 4

    /// Returns the payload that the content type describes, decompressed if necessary.
    static func payload(of received: ReceivedInvocation) throws(UndecodableEvent) -> ArraySlice<UInt8> {
        guard let property = received[.contentEncoding] else { return received.payload }
        return try self.decode(received.payload, property: property)
    }

    /// - Parameter property: the value of `content-encoding`.
    static func decode(
        _ payload: ArraySlice<UInt8>,
        property: String,
        limit: Int = BodyLimit.bytes
    ) throws(UndecodableEvent) -> ArraySlice<UInt8> {
        var bytes = payload
        // The coding that was applied last is undone first (RFC 9110, section 8.4).
        for coding in try self.codings(ContentCoding(property)).reversed() {
            bytes = try self.undo(coding, of: bytes, limit: limit)
        }
        return bytes
    }

    /// Returns the codings in the order in which they were applied.
    private static func codings(_ coding: ContentCoding) throws(UndecodableEvent) -> [ContentCoding] {
        guard case .unknown(let names) = coding else { return coding == .none ? [] : [coding] }
        let list = names.split(separator: ",").map { ContentCoding(String($0)) }
        guard list.count <= self.mostCodings else {
            throw UndecodableEvent(
                "payload: it has \(list.count) content encodings, and at most \(self.mostCodings) are undone"
            )
        }
        for case .unknown(let name) in list {
            throw UndecodableEvent(
                "payload: the content encoding '\(name.prefix(bytes: 64))' is not known; known are gzip, deflate, br "
                    + "and zstd"
            )
        }
        return list
    }

    private static func undo(
        _ coding: ContentCoding,
        of bytes: ArraySlice<UInt8>,
        limit: Int
    ) throws(UndecodableEvent) -> ArraySlice<UInt8> {
        let format: CompressionFormat
        switch coding {
        case .none, .unknown: return bytes
        case .gzip: format = .gzip
        case .deflate: format = .deflate(bytes)
        case .br: format = .brotli
        case .zstd: format = .zstd
        }
        do throws(DecompressionError) {
            return try Decompressor(format).decode(bytes, limit: limit)[...]
        } catch {
            throw UndecodableEvent(error, coding: coding.fieldValue ?? "", format: format)
        }
    }
}

extension UndecodableEvent {
    /// For example `payload: its gzip data ends too early`.
    init(_ error: DecompressionError, coding: String, format: CompressionFormat) {
        let data = "payload: its \(coding) data"
        switch error {
        case .tooLarge(let limit):
            self.init("\(data) decodes to more than \(limit) bytes, the largest size of a payload")
        case .damaged: self.init("\(data) is damaged")
        case .truncated: self.init("\(data) ends too early")
        case .trailing(let bytes): self.init("\(data) is followed by \(bytes) bytes that are no part of it")
        case .windowTooLarge:
            self.init("\(data) needs a window larger than 16 MiB; compress it with one of at most 8 MiB (RFC 9659)")
        case .noLibrary(let library):
            self.init(
                "\(data) cannot be decoded without \(library); install the package \(format.package) where the worker "
                    + "runs, and run the event again"
            )
        case .noMemory:
            self.init("\(data) cannot be decoded with the memory that the worker has; raise 'limits.memory'")
        }
    }
}
