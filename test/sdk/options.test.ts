// Options that a function does not take are refused, in the server and outside of it: nothing would read them.

import { expect, test } from "bun:test";
import { Retryable } from "../../src/sdk/errors.ts";
import { connection, http, publish, rateLimit, splitText } from "../../src/sdk/index.ts";

const baseUrl = "http://127.0.0.1:1";
const as = <Value>(value: unknown) => value as Value;

test.each<[string, () => unknown, string | undefined]>([
  ["http without options", () => http(as(undefined)), undefined],
  ["http", () => http(as({ baseUrl, retrys: {} })), "retrys"],
  ["retries of http", () => http({ baseUrl, retry: as({ tris: 5 }) }), "tris"],
  ["a request", () => http({ baseUrl }).get("/x", as({ querry: {} })), "querry"],
  ["the body in place of the options", () => http({ baseUrl }).post("/x", {}, as("text")), undefined],
  ["a request without a path", () => http({ baseUrl }).get(as(undefined)), "path"],
  ["an address without its scheme", () => http({ baseUrl: () => "chat.example" }).get("/x"), "baseUrl"],
  ["an address that is none", () => http({ baseUrl: "" }).get("/x"), "baseUrl"],
  ["rateLimit without options", () => rateLimit(as(undefined)), undefined],
  ["rateLimit", () => rateLimit(as({ concurency: 1 })), "concurency"],
  ["splitText without options", () => splitText("a text", as(undefined)), undefined],
  ["splitText", () => splitText("a text", as({ limit: 5, units: "bytes" })), "units"],
  ["splitText of no text", () => splitText(as(5), { limit: 5 }), "text"],
  ["publish", () => publish("card.moved", {}, as({ channel: "x" })), "channel"],
  ["connection.report without a report", () => connection.report(as(undefined)), undefined],
  ["connection.report", () => connection.report(as({ status: "connected", detial: "x" })), "detial"],
  ["Retryable", () => new Retryable("later", { retryAfter: as("soon") }), undefined],
])("%s", async (_, call, field) => {
  const refused = async () => await call();
  expect(await refused().catch((error: unknown) => error)).toMatchObject({
    code: "validation",
    ...(field && { field }),
  });
});
