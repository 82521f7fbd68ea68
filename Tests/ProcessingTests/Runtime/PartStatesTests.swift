import Testing

@testable import Processing

struct PartStatesTests {
    private var parts = PartStates<String>()

    @Test mutating func `a part is declared once at a time, however often it is wanted`() {
        #expect(self.parts.want("a") == true)
        for _ in 0..<3 { #expect(self.parts.want("a") == false) }
        #expect(self.parts.want("b") == true, "what becomes of one is nothing to another")
    }

    @Test mutating func `what is wanted again after it was declared is declared again`() {
        _ = self.parts.want("a")
        #expect(self.parts.answered("a", isDeclared: true) == .news)
        #expect(self.parts.want("a") == true)
    }

    @Test(arguments: [true, false])
    mutating func `the answer to what was wanted again meanwhile says nothing, good or bad`(isDeclared: Bool) {
        _ = self.parts.want("a")
        _ = self.parts.want("a")
        #expect(self.parts.answered("a", isDeclared: isDeclared) == .declareAgain)
        #expect(self.parts.want("a") == true, "at once, without a pause")
        #expect(self.parts.answered("a", isDeclared: isDeclared) == .news, "nobody has wanted it since")
    }

    @Test mutating func `what the broker did not take is left alone until the pause is over`() {
        _ = self.parts.want("a")
        #expect(self.parts.answered("a", isDeclared: false) == .news)
        #expect(self.parts.want("a") == false)
        #expect(self.parts.want("b") == true)
        self.parts.pauseIsOver("a")
        #expect(self.parts.want("a") == true)
    }

    @Test mutating func `a part is looked at once at a time`() {
        #expect(self.parts.look(at: "a") == true)
        #expect(self.parts.look(at: "a") == false)
        #expect(self.parts.look(at: "b") == true)
        #expect(self.parts.want("a") == true, "it may be declared meanwhile")
        self.parts.looked(at: "a")
        #expect(self.parts.look(at: "a") == true)
    }
}
