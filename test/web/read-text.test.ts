import { expect, test } from "bun:test";
import { readText, titleOf } from "../../src/web/pages/documents/read-text.ts";

const file = (name: string, ...bytes: (string | Uint8Array<ArrayBuffer>)[]) => new File(bytes, name);

test("a file is read as text in UTF-8, and nothing else is taken for one", async () => {
  expect(await readText(file("a.md", "Größe: 大きい"))).toBe("Größe: 大きい");
  for (const bytes of [[0xff, 0xd8], [0x61, 0x00, 0x62], [0xe4]]) {
    await expect(readText(file("photo.md", new Uint8Array(bytes)))).rejects.toThrow(
      "photo.md is not a text in UTF-8. Documents are Markdown or plain text.",
    );
  }
});

test("its name becomes the title", () => {
  expect(["handbook/opening-hours.md", "Notes.TXT", "README", ".md"].map(titleOf)).toEqual([
    "opening-hours",
    "Notes",
    "README",
    ".md",
  ]);
});
