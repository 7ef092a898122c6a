/// The programming language of a project.
///
/// Its templates are filled by ``Prose``.
enum Language: CaseIterable {
    case typescript, python, go, rust, swift

    var suffix: String {
        switch self {
        case .typescript: "ts"
        case .python: "py"
        case .go: "go"
        case .rust: "rs"
        case .swift: "swift"
        }
    }

    var name: String {
        switch self {
        case .typescript: "typescript"
        case .python: "python"
        case .go: "go"
        case .rust: "rust"
        case .swift: "swift"
        }
    }

    /// The command that runs its tests.
    var testCommand: String {
        switch self {
        case .typescript: "npm test -- ~f"
        case .python: "pytest -q ~f"
        case .go: "go test ./... -run ~t"
        case .rust: "cargo test ~v"
        case .swift: "swift test --filter ~t"
        }
    }

    /// Pieces of code of some lines each.
    var snippets: [String] {
        switch self {
        case .typescript: Self.typescriptSnippets
        case .python: Self.pythonSnippets
        case .go: Self.goSnippets
        case .rust: Self.rustSnippets
        case .swift: Self.swiftSnippets
        }
    }

    private static let typescriptSnippets = [
        """
        export async function ~m(~v: ~t, ~v: number): Promise<~t> {
          const ~v = await ~m(~v)
          if (!~v) throw new Error("~v is missing")
          return { ...~v, ~v: ~n }
        }

        """,
        """
        const ~v = new Map<string, ~t>()

        export function ~m(key: string) {
          const found = ~v.get(key)
          if (found) return found
          log.debug("miss", { key, size: ~v.size })
          return ~m(key, ~n)
        }

        """,
        """
        describe("~m", () => {
          it("keeps ~v when ~v is empty", async () => {
            const ~v = await ~m({ limit: ~n })
            expect(~v).toHaveLength(~n)
          })
        })

        """,
    ]

    private static let pythonSnippets = [
        """
        def ~m(~v: list[~t], *, limit: int = ~n) -> ~t | None:
            \"\"\"Return the first entry below the limit.\"\"\"
            for ~v in ~v[:limit]:
                if ~v.is_ready():
                    return ~m(~v)
            return None

        """,
        """
        @dataclass(frozen=True)
        class ~t:
            ~v: str
            ~v: int = ~n

            def ~m(self) -> str:
                return f"{self.~v}:~k"

        """,
        """
        async def ~m(client, ~v):
            async with client.transaction() as tx:
                rows = await tx.fetch("SELECT * FROM ~v WHERE id > $1 LIMIT ~n", ~v)
                logger.info("fetched %d rows", len(rows))
                return [~t(**row) for row in rows]

        """,
    ]

    private static let goSnippets = [
        """
        func (s *~t) ~m(ctx context.Context, ~v string) (*~t, error) {
        \tctx, cancel := context.WithTimeout(ctx, ~n*time.Second)
        \tdefer cancel()
        \t~v, err := s.~m(ctx, ~v)
        \tif err != nil {
        \t\treturn nil, fmt.Errorf("~v: %w", err)
        \t}
        \treturn ~v, nil
        }

        """,
        """
        type ~t struct {
        \tmu sync.Mutex
        \t~v map[string]*~t
        \t~v int // at most ~k
        }

        """,
    ]

    private static let rustSnippets = [
        """
        pub fn ~m(~v: &[~t]) -> Result<~t, Error> {
            let ~v = ~v.iter().filter(|x| x.~v > ~n).collect::<Vec<_>>();
            match ~v.first() {
                Some(~v) => Ok((*~v).clone()),
                None => Err(Error::Missing("~v")),
            }
        }

        """,
        """
        impl ~t {
            /// At most ~k of them are kept.
            pub fn ~m(&mut self, ~v: u32) -> bool {
                self.~v.insert(~v, Instant::now()).is_none()
            }
        }

        """,
    ]

    private static let swiftSnippets = [
        """
        func ~m(_ ~v: [~t], limit: Int = ~n) throws -> ~t {
            guard let ~v = ~v.first(where: { $0.isReady }) else {
                throw ~tError.missing("~v")
            }
            return try ~m(~v)
        }

        """,
        """
        struct ~t: Codable, Sendable {
            var ~v: String
            var ~v = ~n

            mutating func ~m() { ~v += "~h" }
        }

        """,
    ]
}
