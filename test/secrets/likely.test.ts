import { expect, test } from "bun:test";
import { withoutLikelySecrets } from "../../src/secrets/likely.ts";

const shown = (text: string): string => withoutLikelySecrets(text, "***");

test("keys of well-known services are hidden wherever they stand", () => {
  const body = "0123456789abcdefABCDEF0123456789abcdefABCDEF";
  for (const key of [
    ...[`sk-proj-${body}`, `sk-ant-api03-${body}`, `rk-live-${body}`],
    ...[`ghp_${body}`, `ghs_${body}`, `github_pat_${body}`, `glpat-${body}`],
    ...[`xoxb-17653672481-${body}`, `xapp-1-A0-${body}`, "AKIAIOSFODNN7EXAMPLE", `AIza${body.slice(0, 35)}`],
    `123456789:${body.slice(0, 35)}`,
  ]) {
    expect(shown(`Signed in with ${key}.`)).toBe("Signed in with ***.");
    expect(shown(JSON.stringify({ key, at: 1 }))).toBe('{"key":"***","at":1}');
    expect(shown(`export KEY='${key}'`)).toBe("export KEY='***'");
  }
});

test("what only begins like one stays", () => {
  for (const text of [
    "Made task-management-for-everybody-in-the-house 3 s ago",
    "sk-learn is installed",
    "20261130:12:00:00 ready at 127.0.0.1:8000",
    "the risk-free-rate-of-the-last-ten-years",
  ])
    expect(shown(text)).toBe(text);
});
