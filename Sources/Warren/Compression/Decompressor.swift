import CCompression

/// Why compressed data cannot be decoded.
enum DecompressionError: Error, Equatable {
    /// The decompressed data exceeds the limit.
    case tooLarge(limit: Int)
    /// The data is not of this format, or was corrupted.
    case damaged
    /// The end is missing.
    case truncated
    /// This many bytes follow the end of the compressed data.
    case trailing(bytes: Int)
    /// The data was compressed with a window that is larger than the largest payload.
    case windowTooLarge
    /// The library with this file name is not installed, or lacks a function.
    case noLibrary(String)
    case noMemory
}

/// Decodes one piece of compressed data.
///
/// Owns the decoder of the C module. No other code refers to that decoder, and it is closed with this value.
struct Decompressor: ~Copyable {
    private let decoder: OpaquePointer
    private let format: CompressionFormat

    /// - Parameter library: the file name of a library to use in place of the format's own, for tests.
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

    /// The size of the buffer for one decoding step, in bytes.
    private static let chunk = 64 << 10

    /// Decodes all of the bytes. Call this once.
    ///
    /// - Parameter limit: the maximum number of decompressed bytes. Memory is reserved for what has been decompressed,
    ///   never for the size that the data claims, so a few bytes that stand for gigabytes cost no more than the limit.
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
            // Grows to at most the limit, where an array on its own could double beyond it: the worker's memory may be
            // limited, too.
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
                // The output buffer was not filled, so more input is needed, and there is none.
                if count < chunk.count, remaining.isEmpty { throw .truncated }
                // A step without any progress, which no correct decoder makes, would loop forever.
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
            // An empty slice has no address. The decoder then reads nothing, so any valid pointer will do.
            var next = buffer.baseAddress ?? UnsafePointer(output)
            return warren_decoder_step(self.decoder, &next, &left, output, &written)
        }
        input = input.suffix(left)
        return (step, written)
    }

    /// Whether another member or frame of the same format begins here. Both formats that allow more than one begin each
    /// with a magic number.
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
