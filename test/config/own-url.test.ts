import { expect, test } from "bun:test";
import { loopbackUrl, reachableUrl } from "../../src/config/own-url.ts";

test.each([
  ["http://0.0.0.0:8000", undefined, "http://127.0.0.1:8000"],
  ["http://[::]:8000", undefined, "http://[::1]:8000"],
  ["http://127.0.0.1:8000", "http://127.0.0.1:8000", "http://127.0.0.1:8000"],
  ["http://10.0.0.7:8000", "http://10.0.0.7:8000", "http://10.0.0.7:8000"],
  ["", undefined, ""],
])("a server that listens on %p is reachable at %p, and from this machine at %p", (url, reachable, local) => {
  expect(reachableUrl(url)).toBe(reachable);
  expect(loopbackUrl(url)).toBe(local);
});
