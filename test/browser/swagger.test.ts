// The page at /swagger in a real browser, because jsdom would not show how Scalar renders the document.

import { expect, test } from "bun:test";
import { asset } from "../../src/runtime/assets.ts";
import { embeddedDatabase } from "../database.ts";
import { createHttpFixture, STATIC_KEY } from "../http/fixture.ts";
import { CHROMIUM, openTab } from "./chromium.ts";

const open = embeddedDatabase();

test.skipIf(CHROMIUM === null)("the key stays in its tab, and the first Send succeeds", async () => {
  const http = await createHttpFixture(await open(), { scalarBundle: () => asset("scalar.js") });
  await using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: http.fetch });
  await using tab = await openTab();
  const key = `document.querySelector("input[placeholder=Token]")`;
  const button = (text: string) =>
    `[...document.querySelectorAll("button")].find((one) => one.textContent.includes(${JSON.stringify(text)}))`;

  // A deep link leads to its operation, even through the address with a slash, and from before the document had two parts.
  await tab.goTo(`${server.url}swagger/#tag/sessions/POST/api/v1/sessions`);
  await tab.until(`${key} && location.pathname === "/swagger"`);
  await tab.until(
    `Math.abs(document.querySelector("[id$='POST/api/v1/sessions']").getBoundingClientRect().top) < 200`,
  );
  await tab.evaluate(`${key}.focus()`);
  await tab.typeText(STATIC_KEY);
  // Scalar stores the key a moment later.
  await tab.until(`Object.values(sessionStorage).join().includes("${STATIC_KEY}")`);
  expect(await tab.evaluate(`Object.values(localStorage).join().includes("${STATIC_KEY}")`)).toBe(false);
  await tab.evaluate("location.reload()");
  await tab.until(`document.readyState === "complete" && ${key}?.value === "${STATIC_KEY}"`);

  const statuses = () =>
    tab.events
      .filter(({ method }) => method === "Network.responseReceived")
      .filter(({ params }) => params.response.url.includes("/api/v1/"))
      .map(
        ({ params }) =>
          `${params.response.status} ${new URL(params.response.url).pathname}${new URL(params.response.url).search}`,
      );
  const sends = [
    ["sessions", "post", "/api/v1/sessions", "201 /api/v1/sessions"],
    // No unrequested filter is sent.
    ["tasks", "get", "/api/v1/tasks", "200 /api/v1/tasks?limit=50"],
  ];
  for (const [tag, method = "", path] of sends) {
    await tab.evaluate(`location.hash = "#api/tag/${tag}/${method.toUpperCase()}${path}"`);
    await tab.until(`(${button(`(${method} ${path})`)})`);
    await tab.evaluate(`${button(`(${method} ${path})`)}.click()`);
    await tab.until(button(`Send ${method} request`));
    await tab.evaluate(`${button(`Send ${method} request`)}.click()`);
    // The request would be cancelled if the page were closed before the answer is shown.
    await tab.until(`document.body.innerText.includes("Response Headers")`);
    await tab.evaluate(`${button("Close Client")}.click()`);
  }
  expect(statuses()).toEqual(sends.map(([, , , answer]) => String(answer)));

  // The other part of the document knows the key as well.
  await tab.evaluate(`${button("Heddle API")}.click()`);
  await tab.until(
    `[...document.querySelectorAll("[role=option]")].some((one) => one.textContent.includes("Administration"))`,
  );
  await tab.evaluate(
    `[...document.querySelectorAll("[role=option]")].find((one) => one.textContent.includes("Administration")).click()`,
  );
  await tab.until(`location.hash.startsWith("#administration") && ${key}?.value === "${STATIC_KEY}"`);

  const said = tab.events.filter(
    ({ method, params }) =>
      method === "Runtime.exceptionThrown" ||
      method === "Log.entryAdded" ||
      (method === "Runtime.consoleAPICalled" && params.type !== "info"),
  );
  expect(said).toEqual([]);
  const hosts = tab.events
    .filter(
      ({ method, params }) => method === "Network.requestWillBeSent" && /^http/.test(params.request.url),
    )
    .map(({ params }) => new URL(params.request.url).host);
  expect([...new Set(hosts)]).toEqual([server.url.host]);
});
