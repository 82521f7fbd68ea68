import CCompression

/// Why compressed data cannot be decoded.
enum DecompressionError: Error, Equatable {
    /// More bytes come out than are allowed.
    case tooLarge(limit: Int)
    /// It is not of this format, or was changed on its way.
    case damaged
    /// The end is missing.
    case truncated
    /// So many bytes follow the end of the data and are no part of it.
    case trailing(bytes: Int)
    /// It was compressed with a window that is larger than a whole payload may be.
    case windowTooLarge
    /// The library is not installed, or is another one; with the name of its file.
    case noLibrary(String)
    case noMemory
}

/// Decodes one piece of compressed data.
///
/// Owns the decoder of the C module, which nobody else refers to and which goes with it.
struct Decompressor: ~Copyable {
    private let decoder: OpaquePointer
    private let format: CompressionFormat

    /// - Parameter library: the file name of another library than the format's own, for tests.
    init(_ format: CompressionFormat, library: String? = nil) throws(DecompressionError) {
        var decoder: OpaquePointer?
        let library = library ?? format.library
        switch warren_decoder_open(format.code, library, &decoder) {
        case WARREN_OPENING_NO_MEMORY: throw .noMemory
        case WARREN_OPENING_NO_LIBRARY, WARREN_OPENING_NO_FUNCTION: throw .noLibrary(library)
        default: break
        }
        guard let decoder else { throw .noLibrary(library) }
        self.decoder = decoder
        self.format = format
    }

    deinit { warren_decoder_close(self.decoder) }

    /// The largest piece that is decoded at once.
    private static let chunk = 64 << 10

    /// Decodes all of the bytes. Call once.
    ///
    /// - Parameter limit: how many bytes may come out. Memory is taken for what has come out, never for what the data
    ///   says of itself, so a few bytes that stand for gigabytes cost no more than the limit.
    func decode(_ bytes: ArraySlice<UInt8>, limit: Int) throws(DecompressionError) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(min(limit, bytes.count * 2))
        let chunk = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: Self.chunk)
        defer { chunk.deallocate() }
        var remaining = bytes
        while true {
            let left = remaining.count
            let (step, count) = self.step(&remaining, into: chunk)
            guard output.count + count <= limit else { throw .tooLarge(limit: limit) }
            // Never twice the limit, as an array grows by itself: the worker's memory may be limited, too.
            let needed = output.count + count
            if needed > output.capacity { output.reserveCapacity(min(limit, needed + output.capacity)) }
            output.append(contentsOf: chunk.prefix(count))
            switch step {
            case WARREN_STEP_END where remaining.isEmpty:
                return output
            case WARREN_STEP_END:
                guard self.isBeginning(remaining), warren_decoder_restart(self.decoder) != 0 else {
                    throw .trailing(bytes: remaining.count)
                }
            case WARREN_STEP_MORE:
                // There was room left, so it is input that is missing.
                if count < chunk.count, remaining.isEmpty { throw .truncated }
                // No decoder does that; one that did would keep the lane for ever.
                if count == 0, remaining.count == left { throw .damaged }
            case WARREN_STEP_WINDOW: throw .windowTooLarge
            case WARREN_STEP_NO_MEMORY: throw .noMemory
            default: throw .damaged
            }
        }
    }

    private func step(
        _ input: inout ArraySlice<UInt8>,
        into chunk: UnsafeMutableBufferPointer<UInt8>
    ) -> (warren_step, Int) {
        guard let output = chunk.baseAddress else { preconditionFailure("the chunk has room") }
        var written = chunk.count
        var left = input.count
        let step = input.withUnsafeBufferPointer { buffer in
            // An empty slice has no address, and the decoder reads nothing of it.
            var next = buffer.baseAddress ?? UnsafePointer(output)
            return warren_decoder_step(self.decoder, &next, &left, output, &written)
        }
        input = input.suffix(left)
        return (step, written)
    }

    /// Whether further data of the format begins here: both formats that can be continued have marks for that.
    private func isBeginning(_ bytes: ArraySlice<UInt8>) -> Bool {
        switch self.format {
        case .gzip: bytes.starts(with: [0x1f, 0x8b])
        case .zstd: bytes.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) || Self.isSkippable(bytes)
        case .zlib, .rawDeflate, .brotli: false
        }
    }

    /// A skippable frame (RFC 8878, section 3.1.2): 0x184D2A50 to 0x184D2A5F, the lowest byte first.
    private static func isSkippable(_ bytes: ArraySlice<UInt8>) -> Bool {
        let mark = Array(bytes.prefix(4))
        return mark.count == 4 && mark[0] & 0xf0 == 0x50 && mark[1...] == [0x2a, 0x4d, 0x18]
    }
}
