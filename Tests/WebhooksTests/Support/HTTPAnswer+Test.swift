@testable import Webhooks

extension HTTPAnswer {
    static func test(
        _ result: Result,
        retryAfter: String? = nil,
        _ excerpt: String = "",
        isTruncated: Bool = false,
        microseconds: Int64 = 1_234_567
    ) -> HTTPAnswer {
        HTTPAnswer(
            id: 1,
            result: result,
            retryAfter: retryAfter,
            excerpt: Array(excerpt.utf8),
            isTruncated: isTruncated,
            microseconds: microseconds
        )
    }
}
