// What a file is, what of it a model reads, and what is refused.

import { describe, expect, test } from "bun:test";
import { createReadFiles } from "../../src/attachments/read-files.ts";
import type { HeddleError } from "../../src/errors.ts";
import { given, HEADS, pdf, png } from "./files.ts";

const read = createReadFiles({
  readPdf: async (file) =>
    Buffer.from(file).includes("secret")
      ? { ok: false, reason: "it is protected by a password" }
      : { ok: true, text: "A line.", pages: 2, isCut: true },
});
const failure = (files: Parameters<typeof read>[0]): Promise<HeddleError> =>
  read(files).then(
    () => {
      throw new Error("It was taken.");
    },
    (error) => error,
  );

describe("the files of a message", () => {
  test("images are recognised by their bytes, whatever the sender calls them", async () => {
    const files = [
      given("a.txt", png(3, 2), "text/plain"),
      given("b", HEADS.gif),
      given("c.png", HEADS.jpeg, "image/png"),
      given("d", HEADS.webp, "application/pdf"),
    ];
    expect((await read(files)).map(({ kind, media_type }) => [kind, media_type])).toEqual([
      ["image", "image/png"],
      ["image", "image/gif"],
      ["image", "image/jpeg"],
      ["image", "image/webp"],
    ]);
    expect(await read([given("a.png", png())])).toEqual([
      {
        kind: "image",
        name: "a.png",
        media_type: "image/png",
        bytes: png().length,
        data: png().toString("base64"),
        content: null,
      },
    ]);
  });

  test("what claims to be an image and is none, a damaged one, and one with too many pixels are refused", async () => {
    expect(await failure([given("a.png", "<html>", "image/png")])).toMatchObject({
      code: "validation",
      field: "attachments.0.data",
      message: '"a.png" must be an image (png, jpeg, gif or webp), a text file or a PDF.',
    });
    expect((await failure([given("a.png", png().subarray(0, 12))])).message).toContain("header is damaged");
    expect((await failure([given("a.png", png(9_000, 1))])).message).toContain("9000 × 1");
    for (const end of [10, 14]) {
      expect((await failure([given("a.jpg", HEADS.jpeg.subarray(0, end))])).message).toContain("damaged");
    }
  });

  test.each([
    ["UTF-8", Buffer.from("Grüße, 世界"), "Grüße, 世界"],
    ["UTF-8 with a mark", Buffer.from("\ufeffGrüße"), "Grüße"],
    ["UTF-16, little-endian", Buffer.from("\ufeffGrüße", "utf16le"), "Grüße"],
    ["UTF-16, big-endian", Buffer.from("\ufeffGrüße", "utf16le").swap16(), "Grüße"],
    ["windows-1252", Buffer.from([0x47, 0x72, 0xfc, 0xdf, 0x65, 0x20, 0x80]), "Grüße €"],
  ])("a text file in %s is decoded", async (_, bytes, text) => {
    expect((await read([given("a.md", bytes, "text/markdown; charset=x")]))[0]).toMatchObject({
      kind: "text",
      media_type: "text/markdown",
      content: text,
    });
  });

  test("the kind of a text that the sender names is kept only if it is one", async () => {
    const kinds = [
      "text/html",
      "application/ld+json",
      "image/svg+xml",
      "application/zip",
      "text/x\nset-cookie: a",
    ];
    const files = await Promise.all(kinds.map(async (kind) => (await read([given("a", "x", kind)]))[0]));
    expect(files.map((file) => file?.media_type)).toEqual([
      "text/html",
      "application/ld+json",
      "image/svg+xml",
      "text/plain",
      "text/plain",
    ]);
  });

  test("binary files are refused", async () => {
    const random = Buffer.from(Array.from({ length: 4_000 }, (_, at) => (at * 7919) % 256));
    for (const bytes of [random, Buffer.from("PK\x03\x04\0\0"), Buffer.from("\x7fELF\x01\x02\x03\x04")]) {
      expect((await failure([given("a.bin", bytes)])).code).toBe("validation");
    }
  });

  test("a PDF has its text, its number of pages, and a note of what is left out", async () => {
    const [file] = await read([given("a.pdf", pdf("x"))]);
    expect(file).toMatchObject({ kind: "text", media_type: "application/pdf" });
    expect(file?.content).toBe("2 pages.\n\nA line.\n\n[The rest of the file was left out.]");
    expect(await failure([given("a.pdf", pdf("secret"))])).toMatchObject({
      code: "validation",
      message: 'The PDF "a.pdf" cannot be read: it is protected by a password.',
    });
    const empty = createReadFiles({ readPdf: async () => ({ ok: true, text: " ", pages: 1, isCut: false }) });
    expect((await empty([given("a.pdf", pdf("x"))]))[0]?.content).toContain("has no text");
  });

  test("what is not base64, or empty, is refused", async () => {
    for (const data of ["a", "abc$", "=abc", "a b c d", "abcde"]) {
      expect(await failure([{ name: "a", data }])).toMatchObject({ field: "attachments.0.data" });
    }
    expect((await failure([{ name: "a", data: "====" }])).code).toBe("validation");
    // The other alphabet, and line breaks.
    expect((await read([{ name: "a", data: "Pz8_\r\nPz4-" }]))[0]?.content).toBe("????>>");
  });

  test("limits: the number of files, the size of each kind, and of all", async () => {
    expect(await failure(Array.from({ length: 11 }, () => given("a", "x")))).toMatchObject({
      code: "validation",
      field: "attachments",
    });
    const large = (bytes: number, head: Uint8Array | string) =>
      Buffer.concat([Buffer.from(head), Buffer.alloc(bytes, "x")]);
    expect(await failure([given("a", "x"), given("b.png", large(5 * 1024 * 1024, png()))])).toMatchObject({
      code: "payload_too_large",
      field: "attachments.1.data",
      message: '"b.png" must have at most 5 MB; it has 5.1 MB.',
    });
    expect((await failure([given("a.txt", large(2 * 1024 * 1024, "" + "x"))])).code).toBe(
      "payload_too_large",
    );
    const pdfs = [1, 2].map((at) => given(`${at}.pdf`, large(8 * 1024 * 1024, "%PDF-1.7")));
    expect(await failure(pdfs)).toMatchObject({ code: "payload_too_large", field: "attachments" });
  });

  test("a long text is cut with a note, and many share what a model reads of a message", async () => {
    const long = given("a.txt", "x".repeat(150_000));
    const files = await read([long, long, long]);
    const lengths = files.map(({ content }) => content?.replace(/\n\n\[.*$/, "").length);
    expect(lengths[0]).toBe(100_000);
    expect(lengths.reduce((a = 0, b = 0) => a + b)).toBeLessThanOrEqual(200_000);
    expect(files.every(({ content }) => content?.endsWith("[The rest of the file was left out.]"))).toBe(
      true,
    );
    // The file itself is whole.
    expect(files[2]?.bytes).toBe(150_000);
  });

  test("names are one line without a path", async () => {
    const names = [
      "../../etc/passwd",
      "C:\\a\\b.txt",
      'a"b\n<c>.txt',
      "  ",
      "x".repeat(400),
      "a\u2028b",
      "ü😀.txt",
      "photo\u202egpj.exe\u2066\u200f",
    ];
    const files = await Promise.all(names.map(async (name) => (await read([given(name, "x")]))[0]?.name));
    expect(files.slice(0, 4)).toEqual(["passwd", "b.txt", "a_b__c_.txt", "file"]);
    expect(files[4]).toHaveLength(255);
    expect(files.slice(5)).toEqual(["a_b", "ü😀.txt", "photo_gpj.exe__"]);
  });
});
