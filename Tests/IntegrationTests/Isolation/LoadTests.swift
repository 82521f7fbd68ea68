import Testing

/// Tests that use the whole machine: one after the other, so that they do not measure each other.
@Suite(.serialized, .timeLimit(.minutes(5)))
enum LoadTests {}
