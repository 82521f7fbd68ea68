import FoundationEssentials
import Warren

/// The coders of a function that does not define its own.
enum DefaultCoding {
    static var encoder: JSONEncoder { PlainFunction.encoder }
    static var decoder: JSONDecoder { PlainFunction.decoder }

    private struct PlainFunction: Function {
        func handle(_ event: Event<RawPayload>, context: FunctionContext) async throws {}
    }
}
