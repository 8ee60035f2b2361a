// Sends errors of the page to the server's log. Few and short: the server bounds them as well.

import { useSession } from "./session.ts";

const MOST = 10;
const LONGEST = 2_000;

export function reportBrowserErrors(): void {
  let sent = 0;
  const report = (kind: "error" | "policy", message: string, stack = ""): void => {
    if (useSession.getState().state !== "in" || sent >= MOST) return;
    sent += 1;
    // A report that cannot be sent is in the browser's console anyway.
    fetch("/api/v1/browser-errors", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        kind,
        message: message.slice(0, LONGEST),
        stack: stack.slice(0, LONGEST),
        page: location.pathname.slice(0, 500),
      }),
    }).catch(() => undefined);
  };
  addEventListener("error", ({ message, error }) =>
    report("error", message, error instanceof Error ? error.stack : ""),
  );
  addEventListener("unhandledrejection", ({ reason }) =>
    report(
      "error",
      reason instanceof Error ? reason.message : String(reason),
      reason instanceof Error ? reason.stack : "",
    ),
  );
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    report("policy", `${violatedDirective} blocked ${blockedURI}`),
  );
}
