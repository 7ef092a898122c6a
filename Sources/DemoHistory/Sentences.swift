/// What people and models say, as templates of ``Prose``.
enum Sentences {
    /// A user's first words after the topic's own.
    static let details = [
        "I can reproduce it with ~f, about one time in ~n.",
        "The last thing I saw was: ~s.",
        "It started after we merged ~h, I believe.",
        "Please do not touch ~w, somebody else is working there.",
        "A failing test first would be great.",
        "Staging shows it too, my own machine does not.",
    ]

    /// A user's words later on.
    static let followUps = [
        "That works, thanks. What about `~m` in ~f, does it have the same problem?",
        "Still fails here: ~s. Did you run the whole suite?",
        "Could you explain why ~c? I would like to put that into the commit message.",
        "Hmm, I would rather not change ~w for this. Is there a smaller fix?",
        "Please add a test for `~m` with an empty ~v, then commit.",
        "What does `~t` do with ~k entries? Measure it before we decide.",
        "Go on with ~f. Keep the public names as they are.",
        "The reviewer asks for a shorter `~m`. Split it where it makes sense.",
        "One more thing: ~w logs a warning since your change, see the attached output.",
        "Revert the last step, it breaks ~w.",
    ]

    static let reasoning = [
        "The user sees \"~s\", so I should look at where that text comes from.",
        "`~m` is called from ~n places, most of them in ~f.",
        "If ~c, then the first request after a restart would behave differently from the later ones.",
        "Let me check whether `~t` is shared between ~w and ~w before changing it.",
        "The test passes in isolation, which points at shared state rather than at `~m`.",
        "There are two candidates: `~v` is stale, or `~m` returns early when `~v` is ~n.",
        "I want to keep the change small: ~r.",
        "A timeout of ~d ms looks like a default, not like somebody's decision.",
        "Reading ~f again, the lock is taken after `~v` has been read, so the value can be old.",
        "Before editing I will write down what must not change: names, order, and the answer to ~w.",
    ]

    static let reports = [
        "I found it: ~c.",
        "The log line \"~s\" comes from `~m` in `~f`.",
        "To fix it we should ~r.",
        "I changed `~m` so that `~v` is checked before `~t` is built.",
        "All ~k tests pass, and the one that failed before takes ~d ms now.",
        "`~f` still calls the old `~m`; I left it alone because ~w depends on it.",
        "The measurements on ~k rows: ~d ms before, ~n ms after.",
        "Nothing else reads `~v`, so no migration is needed.",
        "One thing to decide: `~t` could also live in `~f`, next to the code that fills it.",
        "If you want to try it yourself, run the suite for `~m` with a limit of ~n.",
    ]

    /// Said before a tool is used.
    static let announcements = [
        "Let me look at `~f` first.",
        "I'll check who calls `~m`.",
        "Now I'll make the change in `~f`.",
        "Let me run the tests to see where we are.",
        "The error mentions `~t`, so I'll search for it.",
    ]

    static let logLines = [
        "2026-10-14 11:~z:~z.~n INFO  ~w: ~m took ~d ms (~v=~k)",
        "2026-10-14 11:~z:~z.~n WARN  ~f: ~v is ~k, expected at most ~n",
        "2026-10-14 12:~z:~z.~n DEBUG request ~h ~m ~v=~n ~v=~k",
        "2026-10-14 12:~z:~z.~n ERROR ~s",
        "    at ~m (~a:~n:~n)",
    ]
    static let testLines = [
        "PASS ~f (~d ms)", "  ✓ ~m keeps ~v when ~v is empty (~n ms)", "  ✓ ~m refuses ~t without ~v (~n ms)",
        "  ✗ ~m: ~s", "ok    ~f    0.~ns", "    ~f:~n: assertion failed: ~v == ~n",
    ]
    static let commitLines = [
        "~h Use ~t in ~m", "~h Fix ~v after ~m", "~h Add a test for ~m with ~n entries", "~h Bump dependencies",
        "~h Move ~t to ~f", "~h Say why ~v may be empty", "~h Merge branch 'fix-~v' into main",
    ]
    static let statusLines = [" M ~f", "?? src/~v/~m.txt", " ~f | ~n ++++----", " ~f | ~n +++++++"]
    static let queryLines = [
        " ~k | ~h | 2026-0~n-11 | ~v      | ~d",
        "   ->  Index Scan using ~v_idx on ~v  (cost=0.42..~d rows=~k width=~n)",
        "   Filter: (~v > ~n)", "   Rows Removed by Filter: ~k",
    ]
}
