package import SessionModel

/// `todo.json` (rule R10): the list of things to do, by position.
package enum TodoFile {
    package static func render(_ todos: [Todo]) -> [UInt8] {
        var file: [UInt8] = Array("[\n".utf8)
        for (index, todo) in todos.enumerated() {
            var entry = JSONObject()
            entry.add("content", .string(todo.content))
            entry.add("status", .string(todo.status))
            entry.add("priority", .string(todo.priority))
            file += "  ".utf8
            file += entry.line()
            file += (index + 1 < todos.count ? ",\n" : "\n").utf8
        }
        file += "]\n".utf8
        return file
    }
}
