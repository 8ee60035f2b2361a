import { expect, test } from "bun:test";
import { urlSecrets, withoutUrlSecrets } from "../../src/secrets/urls.ts";

test("masks user information and query values whose name may be secret", () => {
  const cases: [url: string, shown: string, secrets: string[]][] = [
    ["https://example.com/a?page=2", "https://example.com/a?page=2", []],
    ["https://u:p%40ss@h.example/x", "https://u:********@h.example/x", ["p%40ss", "p@ss"]],
    ["https://ghp_abc@h.example/x", "https://********@h.example/x", ["ghp_abc"]],
    ["postgres://u:pw@h/x", "postgres://u:********@h/x", ["pw"]],
    [
      "https://h.example/x?token=abc&page=1&t=def",
      "https://h.example/x?token=********&page=1&t=********",
      ["abc", "def"],
    ],
    ["https://h.example/x?9f8e7d&page=1", "https://h.example/x?********=&page=1", ["9f8e7d"]],
    ["https://h.example/x?sig=a&sig=b", "https://h.example/x?sig=********&sig=********", ["a", "b"]],
    ["https://h.example/x#access_token=abc", "https://h.example/x#********", ["access_token=abc"]],
    ["no url: at all", "no url: at all", []],
  ];
  for (const [url, shown, secrets] of cases) {
    expect(withoutUrlSecrets(url)).toBe(shown);
    expect(urlSecrets(url)).toEqual(secrets);
  }
});
