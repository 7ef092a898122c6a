/// What a session is about.
struct Topic: Sendable {
    let title: String
    let ask: String
    let symptom: String
    let cause: String
    let remedy: String
    /// Files it is about, without suffix.
    let stems: [String]

    /// The one whose conversations say "connection pool exhausted".
    static let pool = Topic(
        title: "Investigate connection pool exhausted under load",
        ask: "Since this morning ~w answers 503 every few minutes. The log says: connection pool exhausted",
        symptom: "connection pool exhausted after ~d ms, ~n clients waiting",
        cause: "a transaction stays open while ~m waits for an HTTP answer, so its connection never goes back",
        remedy: "fetch first, open the transaction afterwards, and give the pool an acquire timeout",
        stems: ["db/pool", "db/transaction", "http/client"])

    static let all = [
        pool,
        Topic(
            title: "Fix login redirect loop after OAuth callback",
            ask:
                "After signing in, the browser bounces between /login and /callback until it gives up. Can you find out why?",
            symptom: "ERR_TOO_MANY_REDIRECTS at /auth/callback?code=~h",
            cause: "the session cookie is set with SameSite=Strict, so the redirect arrives without it",
            remedy: "set SameSite=Lax on the session cookie and keep Strict for the CSRF token",
            stems: ["auth/callback", "auth/session", "middleware/redirect"]),
        Topic(
            title: "Speed up product search on large catalogs",
            ask: "Search takes ~n seconds with ~k products. It should stay under 200 ms. Where does the time go?",
            symptom: "Seq Scan on products (actual time=~d rows=~k)",
            cause: "the filter lowercases the column, so the index on it cannot be used",
            remedy: "add an index on the lowercased name and page by cursor instead of OFFSET",
            stems: ["search/query", "search/index", "catalog/products"]),
        Topic(
            title: "Migrate date handling to UTC everywhere",
            ask:
                "Reports for customers west of us are a day off. Please make all dates UTC inside and local only in ~w.",
            symptom: "expected 2026-03-29T00:00:00Z, received 2026-03-28T23:00:00Z",
            cause: "~m parses the date without a zone and takes the server's",
            remedy: "parse with an explicit zone and format at the edge only",
            stems: ["report/daily", "util/dates", "report/format"]),
        Topic(
            title: "Flaky test: order of events in the upload queue",
            ask: "The upload test fails about one time in ~n on CI, never here. Could you make it deterministic?",
            symptom: "expected [\"start\",\"chunk\",\"done\"], received [\"start\",\"done\",\"chunk\"]",
            cause: "two timers share a deadline and their order is not defined",
            remedy: "inject the clock and let the queue number its events",
            stems: ["upload/queue", "upload/chunk", "testing/clock"]),
        Topic(
            title: "Webhook is delivered twice and charges twice",
            ask: "A customer was charged twice because the provider repeated a webhook. We need idempotency in ~w.",
            symptom: "duplicate key value violates unique constraint \"charge_reference_key\" (~h)",
            cause: "~m answers only after the charge, so the provider times out and sends it again",
            remedy: "store the event's id first, answer 202, and charge in the worker",
            stems: ["payments/webhook", "payments/charge", "worker/jobs"]),
        Topic(
            title: "Memory grows until the worker is killed",
            ask:
                "The worker is killed every ~n hours, its memory only grows. Heap dump is attached where I could get one.",
            symptom: "worker exited with code 137, rss=~k MB",
            cause: "~v keeps every listener that was ever added, since nobody removes them on reconnect",
            remedy: "remove the listener when the socket closes and cap the cache at ~k entries",
            stems: ["worker/main", "events/bus", "cache/memory"]),
        Topic(
            title: "Add pagination to the audit log",
            ask: "The audit page loads ~k rows at once. Please page it, newest first, and keep the filters in the URL.",
            symptom: "GET /audit 200 in ~d ms, 38.2 MB",
            cause: "the handler selects everything and the page cuts it in the browser",
            remedy: "page by (created, id) and return the next cursor with each page",
            stems: ["audit/list", "audit/handler", "ui/table"]),
        Topic(
            title: "Rename the config file without breaking old setups",
            ask:
                "We want settings in config.toml, but people have config.json. How would you move over without breaking them?",
            symptom: "warning: config.json is deprecated, reading it anyway",
            cause: "~m looks for one name only and ignores the rest",
            remedy: "read both, prefer the new one, and write only the new one",
            stems: ["config/load", "config/schema", "cli/init"]),
        Topic(
            title: "Type errors after upgrading the HTTP library",
            ask:
                "After the upgrade ~n files do not compile. Mostly headers and query parameters. Please fix them one by one.",
            symptom: "~f:~n:17 - Argument of type '~t' is not assignable to parameter of type '~t'",
            cause: "headers became a multi-map in the new major version",
            remedy: "wrap reads in one function and stop building headers by hand",
            stems: ["http/headers", "http/client", "http/query"]),
        Topic(
            title: "Retry with backoff when the bucket is throttled",
            ask: "Uploads fail with 503 SlowDown at night. We need retries with backoff and jitter, bounded in time.",
            symptom: "503 SlowDown: please reduce your request rate (request ~h)",
            cause: "all ~n workers start at the same second and nobody backs off",
            remedy: "exponential backoff with full jitter, at most ~n attempts, then a dead letter",
            stems: ["storage/upload", "storage/retry", "worker/jobs"]),
        Topic(
            title: "Keyboard navigation in the date picker",
            ask: "The date picker cannot be used without a mouse. Arrow keys, Home, End and Escape should work.",
            symptom: "axe: elements must have sufficient focus indication (~n occurrences)",
            cause: "the cells are plain divs, so nothing can be focused",
            remedy: "a roving tabindex on the grid and one handler for keys",
            stems: ["ui/datepicker", "ui/grid", "ui/focus"]),
        Topic(
            title: "Deadlock between invoice and ledger updates",
            ask: "We see deadlocks when two invoices of a customer are paid at once. Please find the order of locks.",
            symptom: "Process ~k waits for ShareLock on transaction ~k; blocked by process ~k",
            cause: "~m locks the invoice first and the ledger second, ~m the other way round",
            remedy: "lock the ledger first in both, and take rows in order of id",
            stems: ["ledger/book", "invoice/pay", "db/transaction"]),
        Topic(
            title: "CSV import drops rows with umlauts",
            ask: "Rows with names like Müller or Ødegård vanish from the import. It says success, though.",
            symptom: "imported ~k of ~k rows, 0 errors",
            cause: "the reader decodes as ASCII and skips lines it cannot decode",
            remedy: "decode as UTF-8, count what was skipped, and fail above one percent",
            stems: ["import/csv", "import/decode", "import/report"]),
        Topic(
            title: "Container image is 2 GB, make it small",
            ask: "The image is 2 GB and deploys take ~n minutes. What can go, and can we cache the dependencies?",
            symptom: "pushed sha256:~h… size: 2.1 GB",
            cause: "build tools and test data end up in the last stage",
            remedy: "a build stage, a small runtime image, and copying only what runs",
            stems: ["deploy/image", "deploy/build", "cli/version"]),
        Topic(
            title: "Rate limit the public API per key",
            ask: "One client takes half of our capacity. Please limit requests per API key with a clear 429.",
            symptom: "p99 latency ~d ms while key ~h sends ~k requests per minute",
            cause: "there is no limit at all, and the cache is behind the check",
            remedy: "a token bucket per key, Retry-After in the answer, and a metric for refusals",
            stems: ["api/limits", "api/middleware", "metrics/counters"]),
    ]
}
