// Rules about public routes, to which anybody can send.

import { isPublicRoute } from "../../../integrations/routing/public-paths.ts";
import { within } from "../../../within.ts";
import type { Found } from "../finding.ts";
import { codeOf, locationOf, type Subject } from "../subject.ts";
import type { Rule } from "./rule.ts";
import { ignoredVerifiers } from "./verifiers.ts";

const WRITES = ["POST", "PUT", "PATCH", "DELETE", "ALL"];
/** A verifier of the SDK, or one that the author wrote with the platform's functions. */
const VERIFIES = /\bverify[A-Z]\w*\s*\(|\btimingSafeEqual\s*\(|\bsubtle\.verify\s*\(/;
/** A handler that has not answered by then waits for something that is absent during a check. */
const PROBE_MS = 5_000;

export const WEBHOOK_RULES: Rule[] = [
  {
    id: "webhook-verified",
    level: "error",
    about: "Public routes that accept data verify its sender.",
    check(subject) {
      if (isVerified(subject)) return [];
      return publicWrites(subject).map(({ method, path }) => ({
        message: `${method} ${path} needs no API key, and nothing verifies the sender.`,
        fix: "Call a verifier first, such as verifyHmac(request, { secret, header }), or verifyGitHub.",
        ...routePlace(subject, path),
      }));
    },
  },
  {
    id: "webhook-awaited",
    level: "error",
    about: "A handler waits until the sender is verified.",
    check: (subject) =>
      codeOf(subject).flatMap((file) =>
        ignoredVerifiers(file).map(({ name, line }) => ({
          message: `${name}() is not awaited, so the handler goes on before it is known who has sent the request.`,
          fix: `Write await ${name}(…).`,
          file: file.path,
          line,
        })),
      ),
  },
  {
    id: "route-paths",
    level: "warning",
    about: "Routes are spelled as the integration's router gets them.",
    check: (subject) => {
      const prefix = `/integrations/${subject.found.id}`;
      return (subject.loaded?.router?.routes ?? [])
        .filter(({ path }) => path === prefix || path.startsWith(`${prefix}/`))
        .map(({ method, path }) => ({
          message: `${method} ${path} can be reached at ${prefix}${path} only: the router's paths are below ${prefix} already.`,
          fix: `Write "${path.slice(prefix.length) || "/"}".`,
          ...routePlace(subject, path),
        }));
    },
  },
  {
    id: "webhook-refuses",
    level: "error",
    about: "Public routes refuse unsigned requests.",
    async check(subject) {
      // It would be told of the same fault, and of a refusal that nothing has waited for.
      if (codeOf(subject).some((file) => ignoredVerifiers(file).length > 0)) return [];
      return (await Promise.all(publicWrites(subject).map((route) => probe(subject, route)))).flat();
    },
  },
  {
    id: "webhook-idempotent",
    level: "warning",
    about: "An event that is sent twice is stored once.",
    check(subject) {
      const injecting = codeOf(subject).filter(({ text }) => /\binject(Message|Event)\s*\(/.test(text));
      return injecting
        .filter(({ text }) => !/\bidempotencyKey\b/.test(text))
        .map(({ path, text }) => ({
          message:
            "A message is injected without an idempotencyKey, so an event that is sent twice runs twice.",
          fix: "Pass the sender's own id of the event as idempotencyKey.",
          file: path,
          line: text.slice(0, text.search(/\binject(Message|Event)\s*\(/)).split("\n").length,
        }));
    },
  },
  {
    id: "webhook-declared",
    level: "info",
    about: "The manifest declares the webhook and how it is verified.",
    check(subject) {
      const [route] = publicWrites(subject);
      const { setup } = subject.loaded ?? {};
      // Other rules report what is worse.
      if (!route || !setup || !isVerified(subject)) return [];
      if (!setup.webhook) {
        // An address with a part that changes is handed out by the integration; nobody enters it anywhere.
        if (isPattern(route.path)) return [];
        const path = `/integrations/${subject.found.id}${route.path}`;
        return [
          {
            message: "The manifest has no webhook, so the admin UI cannot show the address to enter.",
            fix: `Add webhook: { path: "${path}", description: "…" } to SETUP.`,
            file: subject.found.files.setup ?? "setup.ts",
          },
        ];
      }
      // Behind one route for many senders, each may sign in its own way.
      if (setup.webhook.verifier || isPattern(route.path)) return [];
      return [
        {
          message:
            "The manifest does not declare how the webhook is signed, so `heddle receive` cannot sign one.",
          fix: 'Add webhook.verifier: { scheme, secret: "<the setting>" } to SETUP.',
          ...locationOf(subject, "webhook:", subject.found.files.setup),
        },
      ];
    },
  },
];

/** The manifest's verifier only describes how the sender signs; the router's code has to verify. */
const isVerified = (subject: Subject): boolean => codeOf(subject).some(({ text }) => VERIFIES.test(text));

const isPattern = (path: string): boolean => /[:*]/.test(path);

interface Route {
  method: string;
  path: string;
}

function publicWrites({ found, loaded }: Subject): Route[] {
  const routes = loaded?.router?.routes ?? [];
  const isPublic = (route: Route) => {
    const { method, path } = route;
    const asked = { method: method === "ALL" ? "POST" : method, path };
    return isPublicRoute(found.id, asked, { setup: loaded?.setup, answering: [route] });
  };
  return routes.filter((route) => WRITES.includes(route.method) && isPublic(route));
}

async function probe(subject: Subject, { method, path }: Route): Promise<Found[]> {
  const before = subject.injected.length;
  const request = new Request(`http://localhost${path.replace(/:\w+\??|\*/g, "x")}`, {
    method: method === "ALL" ? "POST" : method,
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  const handled = Promise.resolve(subject.loaded?.router?.handle(request));
  const answer = await within(
    PROBE_MS,
    handled.then((response) => response?.status, refusal),
  ).catch(() => "late" as const);
  const isAccepted = typeof answer === "number" && answer >= 200 && answer < 300;
  if (!isAccepted && subject.injected.length === before) return [];
  const how = isAccepted ? `answers ${answer} to` : "injects a message for";
  return [
    {
      message: `${method} ${path} ${how} an unsigned request, although no secret is set.`,
      fix: "Verify before anything else; the verifiers of the SDK refuse when there is no secret.",
      ...routePlace(subject, path),
    },
  ];
}

function refusal(error: unknown): "thrown" {
  // The first read of the stack looks up the places in the source, and later the modules are gone.
  if (error instanceof Error) void error.stack;
  return "thrown";
}

function routePlace(subject: Subject, path: string) {
  const location = locationOf(subject, `"${path}"`, subject.found.files.router);
  return location.file === undefined ? { file: subject.found.files.router ?? "router.ts" } : location;
}
