// The text of PDFs, read in a process of its own that hostile files can only end.

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import type { Confinement } from "../../src/runtime/confine.ts";
import { createPdfReader, type PdfReaderOptions } from "../../src/runtime/read-pdf.ts";
import { pdf, pdfOf } from "../attachments/files.ts";

const home = mkdtempSync(join(tmpdir(), "heddle-pdf-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const open: Confinement = {
  kind: "none",
  reason: null,
  wrap: ({ command, cwd, environment }) => ({ command, cwd, environment }),
};
const reader = (more: Partial<PdfReaderOptions> = {}) =>
  createPdfReader({ home, confine: async () => open, mostCharacters: 1_000, ...more });

test("the pages in order; and no more characters and pages than wanted", async () => {
  const file = pdf("Hello world", "Second page", "Third");
  const [whole, cut] = await Promise.all([
    reader()(file),
    reader({ mostPages: 2, mostCharacters: 20 })(file),
  ]);
  expect(whole).toEqual({ ok: true, text: "Hello world\n\nSecond page\n\nThird", pages: 3, isCut: false });
  expect(cut).toEqual({ ok: true, text: "Hello world\n\nSecond ", pages: 3, isCut: true });
});

test("a damaged file, and one that asks for a password", async () => {
  const locked = pdfOf(["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 0 /Kids [] >>"])
    .toString("latin1")
    .replace(
      "/Root 1 0 R",
      `/Root 1 0 R /ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <${"00".repeat(32)}> /U <${"00".repeat(32)}> >>`,
    );
  const read = reader();
  const [damaged, secret] = await Promise.all([
    read(Buffer.from("%PDF-1.4 nonsense")),
    read(Buffer.from(locked, "latin1")),
  ]);
  expect(damaged).toMatchObject({ ok: false, reason: expect.stringContaining("it is damaged") });
  expect(secret).toEqual({ ok: false, reason: "it is protected by a password" });
});

/** A page that unpacks to gigabytes. */
function bomb(): Buffer {
  const packed = deflateSync(Buffer.alloc(64 * 1024 * 1024, "(a) Tj "), { level: 9 });
  const twice = deflateSync(packed, { level: 9 }).toString("latin1");
  return pdfOf([
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
    `<< /Length ${twice.length} /Filter [/FlateDecode /FlateDecode] >>\nstream\n${twice}\nendstream`,
  ]);
}

test("a file that fills the memory, and one that takes for ever, end with a reason; the next one is read", async () => {
  const file = bomb();
  const [large, long] = await Promise.all([
    reader({ limits: { bytes: 150 * 1024 * 1024 } })(file),
    reader({ limits: { ms: 150 } })(file),
  ]);
  expect(large).toEqual({ ok: false, reason: "reading it takes more than 150 MB of memory" });
  expect(long).toEqual({ ok: false, reason: "reading it takes longer than 0.15 seconds" });
});
