// Reads and checks the files that come with a message. What a file is, its bytes decide: images are recognised by their first
// bytes, and so are PDFs; what decodes is text.

import { storable } from "../db/storable.ts";
import { HeddleError } from "../errors.ts";
import type { MessageAttachment } from "../sdk/types.ts";
import {
  MOST_BYTES,
  MOST_CHARACTERS,
  MOST_CHARACTERS_TOGETHER,
  MOST_FILES,
  MOST_IMAGE_BYTES,
  MOST_NAME_LENGTH,
  MOST_PDF_BYTES,
  MOST_TEXT_BYTES,
  PDF,
  pagesLine,
  type ReadFile,
} from "./attachment.ts";
import { readImage } from "./image.ts";
import { decodeText } from "./text.ts";

/** The text of a PDF, or why it has none: "it is damaged". */
export type ReadPdf = (
  file: Uint8Array,
) => Promise<{ ok: true; text: string; pages: number; isCut: boolean } | { ok: false; reason: string }>;

/**
 * Throws `validation` for a file that cannot be read and `payload_too_large` for one that is too large; the error's field is
 * `field` with the number of the file.
 */
export type ReadFiles = (files: readonly MessageAttachment[], field?: string) => Promise<ReadFile[]>;

const MOST_PIXELS_A_SIDE = 8_000;

export function createReadFiles({ readPdf }: { readPdf: ReadPdf }): ReadFiles {
  return async (files, field = "attachments") => {
    if (files.length > MOST_FILES)
      throw invalid(field, `A message must have at most ${MOST_FILES} files; got ${files.length}`);
    const read: ReadFile[] = [];
    let [bytes, characters] = [0, 0];
    // One after another, so that many files do not cost their memory at once.
    for (const [at, given] of files.entries()) {
      const file = await readFile(given, `${field}.${at}`, readPdf);
      bytes += file.bytes;
      if (bytes > MOST_BYTES) {
        throw tooLarge(field, `The files of a message must have at most ${inMb(MOST_BYTES)} in all`);
      }
      const content = cut(file.content, Math.min(MOST_CHARACTERS, MOST_CHARACTERS_TOGETHER - characters));
      characters += content?.length ?? 0;
      read.push({ ...file, content });
    }
    return read;
  };
}

async function readFile(given: MessageAttachment, field: string, readPdf: ReadPdf): Promise<ReadFile> {
  const name = nameOf(given.name);
  const file = bytesOf(given.data, name, `${field}.data`);
  const claimed = given.media_type ?? "";
  const shared = { name, bytes: file.length, data: file.toString("base64") };
  const limit = (most: number) => {
    if (file.length > most) {
      throw tooLarge(
        `${field}.data`,
        `"${name}" must have at most ${inMb(most)}; it has ${inMb(file.length)}`,
      );
    }
  };
  const image = readImage(file);
  if (image) {
    limit(MOST_IMAGE_BYTES);
    const { size, mediaType } = image;
    if (!size) throw invalid(`${field}.data`, `"${name}" must be a whole image; its header is damaged`);
    if (Math.max(size.width, size.height) > MOST_PIXELS_A_SIDE) {
      throw invalid(
        `${field}.data`,
        `"${name}" must have at most ${MOST_PIXELS_A_SIDE} pixels a side; it has ${size.width} × ${size.height}`,
      );
    }
    return { ...shared, kind: "image", media_type: mediaType, content: null };
  }
  if (isPdf(file)) {
    limit(MOST_PDF_BYTES);
    const outcome = await readPdf(file);
    if (!outcome.ok) throw invalid(`${field}.data`, `The PDF "${name}" cannot be read: ${outcome.reason}`);
    const { text, pages, isCut } = outcome;
    const content = text.trim() === "" ? NO_PDF_TEXT : `${text}${isCut ? CUT : ""}`;
    return {
      ...shared,
      kind: "text",
      media_type: PDF,
      content: storable(`${pagesLine(pages)}\n\n${content}`),
    };
  }
  const text = /^image\/(?!svg)/i.test(claimed) ? undefined : decodeText(file);
  if (text === undefined) {
    throw invalid(
      `${field}.data`,
      `"${name}" must be an image (png, jpeg, gif or webp), a text file or a PDF`,
    );
  }
  limit(MOST_TEXT_BYTES);
  return { ...shared, kind: "text", media_type: textType(claimed), content: storable(text) };
}

const NO_PDF_TEXT = "(This PDF has no text; its pages may be scanned images.)";
const CUT = "\n\n[The rest of the file was left out.]";

/** Of characters, the last of which is not cut in half. */
function cut(text: string | null, most: number): string | null {
  return text === null || text.length <= most
    ? text
    : `${text.slice(0, Math.max(0, most)).toWellFormed()}${CUT}`;
}

/** Names end up in prompts, in lists and in a header: one line without a path, which reads in the order of its letters. */
function nameOf(given: string): string {
  const last =
    given
      .slice(-MOST_NAME_LENGTH * 4)
      .split(/[/\\]/)
      .at(-1) ?? "";
  const plain = storable(last)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}"<>]/gu, "_")
    .trim();
  return [...plain].slice(-MOST_NAME_LENGTH).join("") || "file";
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

function bytesOf(data: string, name: string, field: string): Buffer {
  const plain = data.replace(/[\r\n]/g, "");
  const letters = plain.length - (plain.endsWith("==") ? 2 : plain.endsWith("=") ? 1 : 0);
  // Four letters are three bytes; one letter more is not a whole byte.
  const isBase64 = BASE64.test(plain) && letters % 4 !== 1;
  if (!isBase64) throw invalid(field, `"${name}" must be base64`);
  const bytes = Buffer.from(plain, "base64");
  if (bytes.length === 0) throw invalid(field, `"${name}" must not be empty`);
  return bytes;
}

/** The header may come after some bytes of something else. */
const isPdf = (file: Buffer): boolean => file.subarray(0, 1024).includes("%PDF-");

/** The kind of text that the sender names, if it is one. */
function textType(claimed: string): string {
  const type = claimed.split(";")[0]?.trim().toLowerCase() ?? "";
  const isText =
    /^(?:text\/[a-z0-9.+-]{1,60}|image\/svg\+xml|application\/(?:[a-z0-9.+-]{1,40}\+)?(?:json|xml|yaml|toml|csv))$/.test(
      type,
    );
  return isText ? type : "text/plain";
}

const inMb = (bytes: number): string => `${Math.ceil((bytes / 1024 / 1024) * 10) / 10} MB`;

const invalid = (field: string, message: string) => new HeddleError("validation", `${message}.`, { field });
const tooLarge = (field: string, message: string) =>
  new HeddleError("payload_too_large", `${message}.`, { field });
