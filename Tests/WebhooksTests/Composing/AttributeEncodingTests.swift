import Messaging
import SeededGeneration
import Testing

@testable import Webhooks

/// Attributes as values of headers. Source: CloudEvents HTTP binding 1.0.2, section 3.1.3.2.
struct AttributeEncodingTests {
    @Test(
        arguments: [
            ("", ""), ("order.placed", "order.placed"), ("/a/b?c=d&e=f#g", "/a/b?c=d&e=f#g"),
            ("!#$&'()*+,-./:;<=>?@[]^_`{|}~", nil),
            ("a b", "a%20b"), ("\"a\"", "%22a%22"), ("100%", "100%25"), ("%20", "%2520"), ("\t\r\n\0", "%09%0D%0A%00"),
            ("\u{7F}", "%7F"), ("é", "%C3%A9"), ("Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"),
        ] as [(String, String?)]
    )
    func `what a header cannot hold is percent-encoded, and nothing else`(text: String, header: String?) {
        #expect(AttributeEncoding.header(text) == header ?? text)
    }

    @Test(
        arguments: [
            ("7f1c3f9a-1b2c-4d5e-8f90-a1b2c3d4e5f6", nil), ("e-1", nil), ("a:b/c_d~e", nil), ("a.b", "a%2Eb"),
            ("...", "%2E%2E%2E"),
            ("a%2Eb", "a%252Eb"), ("a b.c", "a%20b%2Ec"), ("1.1614265330.", "1%2E1614265330%2E"),
        ] as [(String, String?)]
    )
    func `an id has no dots, because a signature is over parts that dots separate`(text: String, id: String?) {
        #expect(AttributeEncoding.id(text) == id ?? text)
    }

    @Test(arguments: 1...100)
    func `any text is printable ASCII, and comes back`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let text = String(decoding: random.bytes(50), as: UTF8.self)
        for encoded in [AttributeEncoding.header(text), AttributeEncoding.id(text)] {
            #expect(encoded.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "\"") })
            #expect(self.decoded(encoded) == text)
        }
        #expect(!AttributeEncoding.id(text).contains("."))
    }

    private func decoded(_ encoded: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(encoded.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
