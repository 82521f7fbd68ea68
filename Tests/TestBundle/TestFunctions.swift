import Warren

/// Functions that do what a test tells them to, and say in a journal what they did.
@main
struct TestFunctions: FunctionBundle {
    static var functions: [any Function.Type] {
        [
            Record.self, FailFirst.self, Refuse.self, PutOff.self, TakeOrder.self, EmitAll.self, Hang.self, Work.self,
            Speak.self,
            Deliver.self, Gather.self, Account.self,
            Misbehave.self, Ail.self, Measure.self, LookAround.self,
        ]
    }
}
