import Testing

@testable import Warren

@Suite struct FunctionNameTests {
    @Test(
        "A type's name becomes kebab case",
        arguments: [
            ("ReserveStock", "reserve-stock"), ("HTTPCall", "http-call"), ("CallHTTP", "call-http"), ("A", "a"),
            ("OrderV2Check", "order-v2-check"), ("S3Upload", "s3-upload"), ("Snake_Case", "snake-case"),
            ("lowercase", "lowercase"), ("URLSessionHTTPTest", "url-session-http-test"), ("Box<Int>", "box-int"),
            ("Größe", "gr-e"), ("Step2b", "step2b"),
        ]
    )
    func kebabCase(type: String, name: String) {
        #expect(FunctionName.kebabCase(type) == name)
    }

    @Test("A function is called after its type")
    func defaultName() {
        #expect(EchoOrder.name == "echo-order")
    }
}
