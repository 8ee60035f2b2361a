import { expect, test } from "bun:test";
import fc from "fast-check";
import { CHUNK_SIZE, chunkMarkdown } from "../../src/search/chunk.ts";

const words = (count: number, word = "word") =>
  Array.from({ length: count }, (_, i) => `${word}${i}`).join(" ");

test("each passage has the headings above it", () => {
  const chunks = chunkMarkdown(
    [
      "Intro.",
      "# Guide",
      "About.",
      "## Install",
      "Run it.",
      "### Linux ###",
      "Unpack it.",
      "## Use",
      "Open it.",
      "#Not a heading",
    ].join("\n"),
  );
  expect(chunks).toEqual([
    { breadcrumb: "", content: "Intro." },
    { breadcrumb: "Guide", content: "# Guide\nAbout." },
    { breadcrumb: "Guide > Install", content: "## Install\nRun it." },
    { breadcrumb: "Guide > Install > Linux", content: "### Linux ###\nUnpack it." },
    { breadcrumb: "Guide > Use", content: "## Use\nOpen it.\n#Not a heading" },
  ]);
});

test("a heading without text joins the next section", () => {
  expect(chunkMarkdown("# Guide\n\n## Install\n\nRun it.")).toEqual([
    { breadcrumb: "Guide > Install", content: "# Guide\n\n## Install\n\nRun it." },
  ]);
  expect(chunkMarkdown("# Only this")).toEqual([{ breadcrumb: "Only this", content: "# Only this" }]);
  expect(chunkMarkdown("### Deep\n\nText.")).toEqual([{ breadcrumb: "Deep", content: "### Deep\n\nText." }]);
});

test("a long section is split at blank lines, a long paragraph at sentences, a long sentence at words", () => {
  const paragraphs = [words(100, "a"), words(100, "b"), words(200, "c")];
  const chunks = chunkMarkdown(`# Long\n\n${paragraphs.join("\n\n")}`);
  expect(chunks.map(({ content }) => content)).toEqual([
    `# Long\n\n${paragraphs[0]}\n\n${paragraphs[1]}`,
    `${paragraphs[2]}`,
  ]);
  expect(chunks.every(({ breadcrumb }) => breadcrumb === "Long")).toBe(true);

  const sentences = [`${words(150, "d")}.`, `${words(150, "e")}!`, `${words(150, "f")}?`];
  expect(chunkMarkdown(sentences.join(" ")).map(({ content }) => content)).toEqual([
    `${sentences[0]} ${sentences[1]}`,
    `${sentences[2]}`,
  ]);
  for (const { content } of chunkMarkdown(words(1000))) expect(content).toMatch(/^word\d+( word\d+)*$/);
});

test("fenced code stays one passage, and headings in it are ignored", () => {
  const code = ["```sh", "# install", "", "run", "~~~", "```"].join("\n");
  expect(chunkMarkdown(`# Guide\n\n${words(180)}\n\n${code}\n\nAfter.`)).toEqual([
    { breadcrumb: "Guide", content: `# Guide\n\n${words(180)}\n\n${code}\n\nAfter.` },
  ]);
  const nested = "````md\n```\n# no heading\n```\n````";
  expect(chunkMarkdown(nested)).toEqual([{ breadcrumb: "", content: nested }]);
  const open = "Text.\n\n```\n# to the end\n\nof the file";
  expect(chunkMarkdown(open)).toEqual([{ breadcrumb: "", content: open }]);
});

test("code that is too long for one passage stays code in each piece", () => {
  const lines = Array.from({ length: 200 }, (_, i) => `const value${i} = ${i};`);
  const chunks = chunkMarkdown(["```ts", ...lines, "```"].join("\n"));
  expect(chunks.length).toBeGreaterThan(1);
  const body = chunks.flatMap(({ content }) => {
    const piece = content.split("\n");
    expect([piece[0], piece.at(-1)]).toEqual(["```ts", "```"]);
    return piece.slice(1, -1);
  });
  expect(body).toEqual(lines);
});

test("nothing is lost, and no passage is too long", () => {
  const line = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.constantFrom("", "# One", "## Two", "#### Four", "- item", "    indented", "[link](x)"),
    fc.lorem({ maxCount: 400 }),
    fc.integer({ min: 1, max: 5000 }).map((length) => "漢".repeat(length)),
    fc.integer({ min: 1, max: 3000 }).map((length) => "😀".repeat(length)),
  );
  // Splitting adds fence markers to the text, which has its own tests.
  const text = fc.array(
    line.filter((one) => !/^ {0,3}(`{3}|~{3})/m.test(one)),
    { maxLength: 30 },
  );
  const solid = (part: string) => part.replaceAll(/\s+/gu, "");
  fc.assert(
    fc.property(text, (lines) => {
      const whole = lines.join("\n");
      const chunks = chunkMarkdown(whole);
      expect(chunks.map(({ content }) => solid(content)).join("")).toBe(solid(whole));
      for (const { content } of chunks) {
        expect(content.length).toBeLessThanOrEqual(CHUNK_SIZE);
        expect(content.isWellFormed() || !whole.isWellFormed()).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});

test("a long heading is shortened in the breadcrumb of every passage, and complete in the text", () => {
  const heading = ".".repeat(20_000);
  const chunks = chunkMarkdown(`# ${heading}\n\n## ${"b".repeat(400)} ##\n\ntext`);
  expect(Math.max(...chunks.map(({ breadcrumb }) => breadcrumb.length))).toBeLessThanOrEqual(300);
  expect(chunks.at(-1)?.breadcrumb).toEndWith("…");
  expect(chunks.map(({ content }) => content).join("")).toContain(".".repeat(1500));
});

test("a split fence gets a short marker, however long its own is", () => {
  const chunks = chunkMarkdown(`${"`".repeat(5000)}\n${"code\n".repeat(2000)}`);
  expect(chunks.map(({ content }) => content.length).every((length) => length < 1700)).toBe(true);
});

test("closing marks are not part of a heading's name", () => {
  const names = ["# One #", "# Two ## ", "# C#", "# #", "#\tTab"].map(
    (line) => chunkMarkdown(`${line}\n\ntext`)[0]?.breadcrumb,
  );
  expect(names).toEqual(["One", "Two", "C", "", "Tab"]);
});
