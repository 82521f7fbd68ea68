import Testing

@testable import Warren

@Suite struct FunctionNameTests {
    @Test(
        arguments: [
            ("ReserveStock", "reserve-stock"), ("HTTPCall", "http-call"), ("CallHTTP", "call-http"), ("A", "a"),
            ("OrderV2Check", "order-v2-check"), ("S3Upload", "s3-upload"), ("Snake_Case", "snake-case"),
            ("lowercase", "lowercase"), ("URLSessionHTTPTest", "url-session-http-test"), ("Box<Int>", "box-int"),
            ("Größe", "gr-e"), ("Step2b", "step2b"),
        ]
    )
    func `a type's name becomes kebab case`(type: String, name: String) {
        #expect(FunctionName.kebabCase(type) == name)
    }

    @Test func `a function is called after its type`() {
        #expect(EchoOrder.name == "echo-order")
    }
}
