/// Lists that names and sentences are made of.
enum Words {
    static let adjectives = [
        "silent", "amber", "brisk", "clever", "distant", "early", "gentle", "hidden", "jolly", "lucky", "mellow",
        "nimble", "quiet", "rapid", "sunny", "tidy", "vivid", "witty",
    ]
    static let landscapes = [
        "nebula", "harbor", "meadow", "canyon", "glacier", "lagoon", "orchard", "prairie", "river", "summit", "tundra",
        "valley", "willow", "comet", "delta", "forest",
    ]
    static let verbs = [
        "load", "parse", "resolve", "refresh", "validate", "merge", "collect", "encode", "fetch", "schedule", "retry",
        "normalize", "render", "acquire", "release", "flush", "index", "compare", "restore", "build",
    ]
    static let nouns = [
        "Session", "Cart", "Token", "Invoice", "Order", "Route", "Cursor", "Payload", "Schema", "Cache", "Upload",
        "Worker", "Retry", "Channel", "Header", "Profile", "Ledger", "Snapshot", "Batch", "Tenant", "Webhook", "Pool",
        "Query", "Timer",
    ]
    static let variables = [
        "items", "result", "current", "entry", "limit", "offset", "key", "attempt", "pending", "deadline", "response",
        "total", "cached", "target", "source", "state", "rows", "config",
    ]
    static let components = [
        "the API gateway", "the worker queue", "the checkout flow", "the import job", "the settings page",
        "the scheduler",
        "the storage layer", "the login screen", "the CLI", "the nightly report", "the search index", "the mailer",
    ]
}
