/// The orders that are placed, one JSON document a line: the same in every run.
enum Orders {
    private static let count = 300
    private static let customers = ["ada", "ben", "cleo", "dan", "eve", "finn", "gus", "hana"]
    private static let goods = [("tea", 4.5), ("coffee", 7.25), ("cocoa", 5.75), ("sugar", 1.2), ("honey", 8.4)]

    /// Mostly good ones, of which the payment gateway of the example declines some and leaves others without an
    /// answer; then one that cannot be reserved, and two that no function can read.
    static var lines: [String] {
        (1...self.count).map(self.order) + [
            #"{"orderID":"D-301","customer":"ada","items":[]}"#,
            #"{"orderID":"D-302","customer":"ben"}"#,
            "D-303, as a table calculation would write it;cleo;tea;1",
        ]
    }

    /// One that comes later, and that nothing is wrong with.
    static let late = #"{"orderID":"D-001","customer":"eve","items":[{"sku":"tea","quantity":1,"price":4.5}]}"#

    private static func order(_ number: Int) -> String {
        let (sku, price) = self.goods[number % self.goods.count]
        let customer = self.customers[number * 3 % self.customers.count]
        let digits = "\(1000 + number)".dropFirst()
        return """
            {"orderID":"D-\(digits)","customer":"\(customer)",\
            "items":[{"sku":"\(sku)","quantity":\(1 + number % 4),"price":\(price)}]}
            """
    }
}
