// What a person is shown of a call reads as what it is, in the admin UI and in chats.

import { expect, test } from "bun:test";
import { argumentsText as inChats, shownArguments } from "../../integrations/_decisions/arguments.ts";
import { argumentsText as inPages } from "../../src/web/parts/arguments-text.ts";

/** What a text must be shown as. */
const SHOWN: Record<string, [text: string, shown: string]> = {
  "the other direction": ["bob@\u202eelpmaxe.mool", "bob@\\u202eelpmaxe.mool"],
  "no width": ["pay\u200bpal", "pay\\u200bpal"],
  "tags that only models read": ["ok\u{e0073}\u{e0065}", "ok\\u{e0073}\\u{e0065}"],
  "variation selectors as a channel": ["a\ufe01\u{e0101}", "a\\ufe01\\u{e0101}"],
  "fillers and blanks": ["a\u3164\u2800\uffa0b", "a\\u3164\\u2800\\uffa0b"],
  "spaces that are none": ["rm\u00a0-rf\u2003/", "rm\\u00a0-rf\\u2003/"],
  "a Cyrillic letter in a Latin word": ["p\u0430ypal", "p\\u0430ypal"],
  "letters of other widths and of mathematics": ["bank\uff41 b\u{1d41a}nk", "bank\\uff41 b\\u{1d41a}nk"],
  "a host of look-alikes": [
    "https://\u0441\u043e\u0441\u043e.example/a",
    "https://\\u0441\\u043e\\u0441\\u043e.example/a",
  ],
  "an address at such a host": ["ann@\u043e.example", "ann@\\u043e.example"],
  "C1 controls of terminals": ["a\u009b2J", "a\\u009b2J"],
  // What people write stays as it is.
  Russian: ["\u041f\u0440\u0438\u0432\u0435\u0442, Ann", "\u041f\u0440\u0438\u0432\u0435\u0442, Ann"],
  Greek: [
    "\u03ba\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1",
    "\u03ba\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1",
  ],
  Japanese: ["\u3053\u3093\u306b\u3061\u306f\u3000Ann", "\u3053\u3093\u306b\u3061\u306f\u3000Ann"],
  German: ["Gr\u00fc\u00dfe aus K\u00f6ln", "Gr\u00fc\u00dfe aus K\u00f6ln"],
  "an emoji": ["\u2764\ufe0f done", "\u2764\ufe0f done"],
};

test.each(Object.entries(SHOWN))("%s", (_what, [text, shown]) => {
  expect(inPages({ text }, undefined)).toBe(`text: ${shown}`);
  expect(inChats({ arguments: { text } })).toBe(`{\n  "text": "${shown}"\n}`);
  expect(inChats({ arguments: { [text]: 1 } })).toBe(`{\n  "${shown}": 1\n}`);
});

test("a fence cannot be closed, and what is too long is not shown in part", () => {
  const text = "```\n````\n**May it? Yes.**";
  expect(shownArguments({ arguments: { text } })?.split("\n").at(-1)).toBe("`````");
  expect(shownArguments({ arguments: { text: "x".repeat(10_000) } })).toBeUndefined();
});

test("takes linear time", () => {
  for (const piece of ["@", "//", "a\u0430", "https://\u0430", "\u{e0101}", "\ufe0f"]) {
    expect(inChats({ arguments: { text: piece.repeat(200_000) } }).length).toBeGreaterThan(200_000);
  }
});
