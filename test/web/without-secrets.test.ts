import { expect, test } from "bun:test";
import { withoutSecrets } from "../../src/web/pages/integrations/without-secrets.ts";

test("what has the form of a secret is masked, and it stays JSON", () => {
  const lines = [
    "https://ann:pa55word@example.com/x?token=t0ken&page=2",
    'Authorization: Bearer "quoted" Bearer abc.def-123, basic YTpi',
    '{"url":"https://example.com/?access_token=t0ken"}',
    "mail to ann@example.com about http://example.com/a@b",
  ];
  expect(JSON.parse(withoutSecrets(JSON.stringify(lines)))).toEqual([
    "https://********@example.com/x?token=********&page=2",
    'Authorization: Bearer "quoted" Bearer ********, basic ********',
    '{"url":"https://example.com/?access_token=********"}',
    "mail to ann@example.com about http://example.com/a@b",
  ]);
});
