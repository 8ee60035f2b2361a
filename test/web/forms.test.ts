// Every form of the UI shows what the API refused at the field that it names, and leads there.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";

const web = join(import.meta.dirname, "..", "..", "src", "web");
const sources = [...new Glob("**/*.tsx").scanSync(web)]
  .sort()
  .map((path) => ({ path, text: readFileSync(join(web, path), "utf8") }));

/** What is typed or chosen into. */
const INPUT =
  /<(?:TextInput|PasswordInput|Textarea|NumberInput|NumberField|SecretLines|Select|MultiSelect|TagsInput)\b/g;

/** They search, filter, group and confirm; or what they hold is checked by the field around them. */
const SENDS_NOTHING = [
  ...["parts/confirm.tsx", "parts/filter-bar.tsx", "pages/usage/usage-table.tsx"],
  ...["pages/chat/conversations.tsx", "pages/chat/new-chat.tsx"],
  ...["pages/integrations/tabs/log-tail.tsx", "pages/providers/provider-models.tsx"],
  "pages/channels/tabs/binding-fields.tsx",
];

test("a form is a FormFrame, which leads to what was refused", () => {
  const own = sources.filter(({ path, text }) => path !== "parts/form.tsx" && /<form\b/.test(text));
  expect(own.map(({ path }) => path)).toEqual([]);
});

test("the field of a refusal is read in one place, and by the editor of YAML", () => {
  const readers = sources.filter(({ text }) => /\bApiFailure\b[^;]*\.field\b/.test(text));
  expect(readers.map(({ path }) => path)).toEqual(["parts/yaml-editor.tsx"]);
});

test("each input of a form can say what is wrong with it", () => {
  const silent = sources
    .filter(({ path }) => !SENDS_NOTHING.includes(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(INPUT)]
        .map(({ index }) => tagAt(text, index))
        .filter((tag) => !/\berror=|\{\.\.\.shared\}/.test(tag))
        .map((tag) => `${path}: ${tag.slice(0, 80).replace(/\s+/g, " ")}`),
    );
  expect(silent).toEqual([]);
});

/** The opening tag that begins there, with its values. */
function tagAt(text: string, start: number): string {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === "{") depth += 1;
    if (text[at] === "}") depth -= 1;
    if (text[at] === ">" && depth === 0) return text.slice(start, at + 1);
  }
  return text.slice(start);
}
