// Test events: a body for the best-known senders, and the command that sends one from a terminal.

interface Sample {
  event?: string;
  body: unknown;
}

const REPOSITORY = {
  full_name: "octo-org/hello-world",
  name: "hello-world",
  html_url: "https://github.com/octo-org/hello-world",
  owner: { login: "octo-org" },
};

/** By integration, or else by scheme. */
export const SAMPLES: Record<string, Sample> = {
  github: {
    event: "issues",
    body: {
      action: "opened",
      issue: {
        number: 1,
        title: "A test from Heddle",
        body: "Does this reach a bot?",
        html_url: "https://github.com/octo-org/hello-world/issues/1",
        state: "open",
        user: { login: "octocat", type: "User" },
        labels: [],
      },
      repository: REPOSITORY,
      sender: { login: "octocat", type: "User" },
    },
  },
  gitlab: { event: "Push Hook", body: { object_kind: "push", ref: "refs/heads/main", commits: [] } },
  stripe: { body: { id: "evt_test", type: "charge.succeeded", data: { object: { amount: 100 } } } },
  slack: { body: { type: "event_callback", event: { type: "message", text: "A test from Heddle" } } },
  webhook: { body: { text: "A test from Heddle" } },
};

/** What the command needs to know of an integration. */
interface Receiver {
  id: string;
  webhook: { url: string | null; path: string } | null;
  setup: Record<string, unknown> | null;
}

interface Verifier {
  scheme: string;
  header?: string;
  prefix?: string;
  secret?: string;
}

/** A shell command that sends the body: curl where the shell can sign it, or else Heddle's own command. */
export function commandOf(
  integration: Receiver,
  { event, text, origin }: { event: string; text: string; origin: string },
): string {
  const { id, webhook, setup } = integration;
  const url = webhook?.url ?? `${origin}${webhook?.path ?? `/integrations/${id}/webhook`}`;
  const { verifier } = (setup?.webhook ?? {}) as { verifier?: Verifier };
  const body = compact(text);
  const headers = signed(verifier, event);
  if (headers === undefined) {
    return [`cat > event.json <<'END'`, body, "END", `heddle receive ${id} event.json`].join("\n");
  }
  return [
    ...(verifier ? [`secret='${verifier.secret ?? "SECRET"}'`] : []),
    `body=${quoted(body)}`,
    `curl -X POST ${quoted(url)} \\`,
    `  -H 'content-type: application/json' \\`,
    ...headers.map((header) => `  -H ${header} \\`),
    `  --data-binary "$body"`,
  ].join("\n");
}

const HMAC = `$(printf %s "$body" | openssl dgst -sha256 -hmac "$secret" | sed 's/^.* //')`;

/** Undefined: a shell cannot sign it in a line. */
function signed(verifier: Verifier | undefined, event: string): string[] | undefined {
  switch (verifier?.scheme) {
    case undefined:
      return [];
    case "github":
      return [
        quoted(`x-github-event: ${event || "ping"}`),
        `"x-github-delivery: test-$(date +%s)"`,
        `"x-hub-signature-256: sha256=${HMAC}"`,
      ];
    case "gitlab":
      return [quoted(`x-gitlab-event: ${event || "Push Hook"}`), `"x-gitlab-token: $secret"`];
    case "bearer":
      return [`"authorization: Bearer $secret"`];
    case "token":
      return [`"${verifier.header ?? "x-token"}: $secret"`];
    default:
      return undefined;
  }
}

/** On one line, as most senders write it. */
function compact(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
