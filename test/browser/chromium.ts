// A real Chromium, controlled over its debugging protocol. Tests that need it are skipped if there is none.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHROMIUM_PROGRAMS, findProgram } from "../parts.ts";
import { until } from "../until.ts";

/** The headless shell is the same browser without windows; each new page of a whole one draws a window as well. */
export const CHROMIUM = findProgram(CHROMIUM_PROGRAMS);

interface Event {
  method: string;
  // biome-ignore lint/suspicious/noExplicitAny: each event has its own
  params: any;
}

export interface Tab extends AsyncDisposable {
  goTo(url: string): Promise<unknown>;
  /** Resolves with the value of an expression in the page. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the page has
  evaluate(expression: string): Promise<any>;
  /** Waits until the expression's value is truthy. */
  until(expression: string): Promise<unknown>;
  typeText(text: string): Promise<unknown>;
  events: Event[];
}

const SWITCHES = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"],
  ...["--disable-extensions", "--disable-background-networking", "--remote-debugging-port=0"],
];

export async function openTab(): Promise<Tab> {
  const profile = await mkdtemp(join(tmpdir(), "heddle-chromium-"));
  const browser = Bun.spawn([String(CHROMIUM), ...SWITCHES, `--user-data-dir=${profile}`, "about:blank"], {
    stdout: "ignore",
    stderr: "ignore",
  });
  const port = await until(
    async () =>
      (
        await Bun.file(join(profile, "DevToolsActivePort"))
          .text()
          .catch(() => "")
      ).split("\n")[0],
    (text) => text !== "",
  );
  const tabs = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as Record<string, string>[];
  const address = tabs.find(({ type }) => type === "page")?.webSocketDebuggerUrl;
  const socket = new WebSocket(String(address));
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const events: Event[] = [];
  // biome-ignore lint/suspicious/noExplicitAny: each command answers something else
  const waiting: ((answer: any) => void)[] = [];
  socket.addEventListener("message", ({ data }) => {
    const { id, ...message } = JSON.parse(String(data));
    if (id === undefined) events.push(message);
    else waiting[id]?.(message);
  });
  const command = (method: string, params: object = {}) => {
    const { promise, resolve } = Promise.withResolvers<{ result?: { result: { value: unknown } } }>();
    socket.send(JSON.stringify({ id: waiting.push(resolve) - 1, method, params }));
    return promise;
  };
  const evaluate: Tab["evaluate"] = async (expression) =>
    // Without a result, the page went away meanwhile, as it does when it is loaded again.
    (await command("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true })).result
      ?.result.value;
  for (const domain of ["Page", "Runtime", "Network", "Log"]) await command(`${domain}.enable`);
  return {
    events,
    evaluate,
    goTo: (url) => command("Page.navigate", { url }),
    until: (expression) => until(() => evaluate(expression), Boolean),
    typeText: (text) => command("Input.insertText", { text }),
    async [Symbol.asyncDispose]() {
      socket.close();
      browser.kill();
      await browser.exited;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
