import CCompression
import Messaging

/// A compression format for payloads, and the library that decodes it.
enum CompressionFormat {
    /// RFC 1952.
    case gzip
    /// RFC 1950: what HTTP calls `deflate`.
    case zlib
    /// RFC 1951: what many clients send as `deflate`.
    case rawDeflate
    /// RFC 7932.
    case brotli
    /// RFC 8878, with the window of RFC 9659.
    case zstd

    /// The file name of the library, with the version of the interface that `CCompression` uses.
    var library: String {
        switch self {
        case .gzip, .zlib, .rawDeflate: "libz.so.1"
        case .brotli: "libbrotlidec.so.1"
        case .zstd: "libzstd.so.1"
        }
    }

    /// The Debian and Ubuntu package that contains the library.
    var package: String {
        switch self {
        case .gzip, .zlib, .rawDeflate: "zlib1g"
        case .brotli: "libbrotli1"
        case .zstd: "libzstd1"
        }
    }

    /// The format's constant in the C module.
    var code: warren_format {
        switch self {
        case .gzip: WARREN_FORMAT_GZIP
        case .zlib: WARREN_FORMAT_ZLIB
        case .rawDeflate: WARREN_FORMAT_RAW_DEFLATE
        case .brotli: WARREN_FORMAT_BROTLI
        case .zstd: WARREN_FORMAT_ZSTD
        }
    }

    /// Tells which of the two formats called `deflate` the data has, by its first two bytes (RFC 1950, section 2.2:
    /// method 8 in the low four bits, and a checksum over both bytes). In raw deflate the same bits would begin a
    /// stored block with padding that is not zero, which no encoder writes.
    static func deflate(_ bytes: ArraySlice<UInt8>) -> CompressionFormat {
        let header = bytes.prefix(2).reduce(0) { $0 << 8 | Int($1) }
        let isZlib = bytes.count >= 2 && header >> 8 & 0x0f == 8 && header % 31 == 0
        return isZlib ? .zlib : .rawDeflate
    }
}
