import Manifests
import Testing

@Suite struct HandlerReferenceTests {
    @Test(arguments: [
        ("orders/reserve-stock", "orders"), ("orders@2/reserve-stock", "orders@2"),
        ("orders@1.4.0-rc_1/reserve-stock", "orders@1.4.0-rc_1"),
    ])
    func `a handler names an executable and its function`(_ text: String, _ bundle: String) throws {
        let handler = try HandlerReference(text)
        #expect(handler.bundle == bundle)
        #expect(handler.function == "reserve-stock")
        #expect(handler.description == text)
    }

    @Test(arguments: [
        ("orders@2", ManifestName.Problem.notBundleAndFunction),
        ("orders/2/f", .notBundleAndFunction),
        ("@2/f", .notBundleAndVersion),
        ("orders@/f", .notBundleAndVersion),
        ("@/f", .notBundleAndVersion),
        ("orders@2@3/f", .notBundleAndVersion),
        ("orders/f@2", .versionOfFunction),
        ("orders@2/", .empty),
        ("/f", .empty),
        ("orders@../f", .onlyDots),
        ("..@2/f", .onlyDots),
        ("orders@a b/f", .forbiddenCharacter(" ")),
        ("orders@2/f!", .forbiddenCharacter("!")),
    ])
    func `anything else is refused`(_ text: String, _ problem: ManifestName.Problem) {
        #expect(throws: problem) { try HandlerReference(text) }
    }
}
