import { expect, test } from "bun:test";
import { publicAddress } from "../../src/web/pages/integrations/endpoints/public-address.ts";

const known = "/integrations/webhook/endpoints/:name";
const path = "/integrations/webhook/e/deploys";

test("an endpoint's address is the server's public one, wherever the reader is", () => {
  const of = (url: string | null) => publicAddress({ url, path: known }, path, "http://10.0.0.7:8080");
  expect(of(`https://heddle.example.com${known}`)).toBe(`https://heddle.example.com${path}`);
  expect(of(`https://example.com/behind/a/proxy${known}`)).toBe(`https://example.com/behind/a/proxy${path}`);
  expect(of(null)).toBe(`http://10.0.0.7:8080${path}`);
});
