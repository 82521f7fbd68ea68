import Warren

/// Looks at every event that passes, whatever it is.
@main
struct Audit: FunctionBundle {
    static var functions: [any Function.Type] { [RecordEvent.self] }
}
