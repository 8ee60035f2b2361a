import { expect, test } from "bun:test";
import { htmlToMarkdown } from "../../../../src/agent/tools/html/html-to-markdown.ts";

const read = (html: string) => htmlToMarkdown(html, "https://a.example/dir/page").markdown;

test("a page reads as Markdown, without what is only there for browsers", () => {
  const page = htmlToMarkdown(
    `<!doctype html><html><head><title>A &amp; B
      page</title><style>x { }</style></head><body><nav>menu</nav><main><h1>Hello <em>there</em></h1>
      <p>Some <b>bold </b>text with <a href="/x?a=1">a link</a>, <code>code</code>.<br>Next line</p>
      <ul><li>One<li>Two<ul><li>Inner</ul></ul><ol><li>A</li><li>B</li></ol>
      <pre><code>if (a) {\n  b();\n}</code></pre><blockquote><p>Quote</p><p>Second</p></blockquote>
      <table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>
      <img alt="Cat" src=x></main><script>alert("<b>")</script></body></html>`,
    "https://a.example/dir/page",
  );
  expect(page).toEqual({
    title: "A & B page",
    isCut: false,
    markdown: [
      "# Hello *there*",
      "",
      "Some **bold** text with [a link](https://a.example/x?a=1), `code`.",
      "Next line",
      "",
      "- One",
      "- Two",
      "  - Inner",
      "",
      "1. A",
      "2. B",
      "",
      "```",
      "if (a) {",
      "  b();",
      "}",
      "```",
      "",
      "> Quote",
      ">",
      "> Second",
      "",
      "| A | B",
      "| 1 | 2",
      "",
      "[Image: Cat]",
    ].join("\n"),
  });
});

test("text that people do not see is left out", () => {
  const secrets = [
    '<p style="display: none">x</p>',
    '<p style="opacity:0">x</p>',
    '<p style="font-size: 0px; color: red">x</p>',
    "<p hidden>x<b>x</b></p>",
    '<div aria-hidden="true"><p>x</p></div>',
    "<!-- x --><template>x</template><noscript>x</noscript>",
    "<textarea>x</textarea><svg><text>x</text></svg>",
  ];
  expect(read(`${secrets.join("")}<p style="font-size: 0.9em">seen</p>`)).toBe("seen");
});

test("links lead to addresses that can be fetched, or nowhere", () => {
  expect(
    read('<a href="javascript:x()">a</a> <a href="#b">b</a> <a href="../c">c</a> <a href="http://[">d</a>'),
  ).toBe("a b [c](https://a.example/c) d");
});

test("a page that is nested beyond reason is cut there", () => {
  const page = htmlToMarkdown(`<p>Before</p>${"<div>".repeat(50_000)}<p>After</p>`, "https://a.example/");
  expect(page).toEqual({ title: null, markdown: "Before", isCut: true });
});
