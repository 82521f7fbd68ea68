// A bundle depends on Warren alone, and `context.logger` is of no use to a file that cannot see swift-log's members
// (SE-0444).
@_exported public import Logging
