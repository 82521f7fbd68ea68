// A bundle depends on Warren alone, and a file cannot use `context.logger` unless it sees swift-log's members
// (SE-0444).
@_exported public import Logging
