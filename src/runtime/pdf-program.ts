// Reads the text of a PDF, as a process of its own: `bun pdf-program.ts <most characters> <most pages>`, with the file on standard
// input and the result as JSON on standard output. A hostile file can only exhaust this process, which read-pdf.ts then ends.

import { buffer } from "node:stream/consumers";
import { getDocumentProxy } from "unpdf";
import type { PdfOutcome } from "./read-pdf.ts";

const [mostCharacters = 0, mostPages = 0] = process.argv.slice(2, 4).map(Number);

async function read(): Promise<PdfOutcome> {
  const document = await getDocumentProxy(new Uint8Array(await buffer(process.stdin)), {
    // Nothing outside of the file is read.
    useSystemFonts: false,
    disableFontFace: true,
    verbosity: 0,
  });
  const { numPages: pages } = document;
  const texts: string[] = [];
  let length = 0;
  let page = 0;
  while (page < Math.min(pages, mostPages) && length <= mostCharacters) {
    page += 1;
    const { items } = await (await document.getPage(page)).getTextContent();
    const text = items.map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : "")).join("");
    length += text.length + 2;
    texts.push(text.trim());
  }
  const text = texts.join("\n\n").trim();
  const isCut = page < pages || text.length > mostCharacters;
  return { ok: true, text: text.slice(0, mostCharacters), pages, isCut };
}

const outcome = await read().catch((error: unknown): PdfOutcome => {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return {
    ok: false,
    reason:
      name === "PasswordException"
        ? "it is protected by a password"
        : `it is damaged (${message.slice(0, 200)})`,
  };
});
process.stdout.write(JSON.stringify(outcome));
