@testable import Webhooks

extension AccessToken: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) { self.init(text) }
}
