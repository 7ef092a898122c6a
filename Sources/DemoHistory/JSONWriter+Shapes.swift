// Shapes that both generations share.
extension JSONWriter {
    /// `{input,output,reasoning,cache:{read,write}}`; V1 puts their sum in front.
    mutating func member(_ name: String, _ usage: Usage, withTotal: Bool) {
        member(name) { json in
            if withTotal {
                json.member(
                    "total", usage.input + usage.output + usage.reasoning + usage.cacheRead + usage.cacheWrite)
            }
            json.member("input", usage.input)
            json.member("output", usage.output)
            json.member("reasoning", usage.reasoning)
            json.member("cache") { json in
                json.member("read", usage.cacheRead)
                json.member("write", usage.cacheWrite)
            }
        }
    }

    /// V1's `{start,end}`, milliseconds.
    mutating func member(_ name: String, from start: Int64, to end: Int64) {
        member(name) { json in
            json.member("start", start)
            json.member("end", end)
        }
    }

    /// V2's `{created,completed}`, milliseconds.
    mutating func member(_ name: String, created: Int64, completed: Int64) {
        member(name) { json in
            json.member("created", created)
            json.member("completed", completed)
        }
    }

    /// The column `model` of a session.
    static func column(_ model: SessionPlan.Model) -> JSONWriter {
        .object { json in
            json.member("id", model.id)
            json.member("providerID", model.provider)
            if let variant = model.variant { json.member("variant", variant) }
        }
    }
}
