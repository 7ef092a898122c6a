import Foundation

/// JSON as Foundation reads it, for looking into what the tree shows.
struct JSONValue: Equatable {
    private let value: NSObject

    /// - Throws: where the bytes are no JSON.
    init(_ bytes: [UInt8]) throws {
        let read = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
        value = read as? NSObject ?? (read as AnyObject as? NSObject ?? NSNull())
    }

    private init(_ value: Any) {
        self.value = value as? NSObject ?? NSNull()
    }

    subscript(_ key: String) -> JSONValue? {
        dictionary?[key].map { JSONValue($0) }
    }

    var dictionary: [String: Any]? { value as? [String: Any] }
    var array: [JSONValue]? { (value as? [Any])?.map { JSONValue($0) } }
    var string: String? { value as? String }
    var number: Double? { (value as? NSNumber)?.doubleValue }
    var boolean: Bool? { (value as? NSNumber)?.boolValue }
}
