// Lists the forms in which a secret appears in other text: quoted, URL-encoded, in base64, line by line.

import { inspect } from "node:util";
import { isTellable } from "./strength.ts";

/** Longer secrets are split into consecutive pieces of this length, each of which is hidden. */
const MAX_PIECE_LENGTH = 1_024;
/** Characters beyond this are not searched for; no input accepts a longer secret. */
const MAX_SECRET_LENGTH = 64 * 1_024;

/** Lines of a key file or similar. */
const MAX_LINES = 256;

/**
 * Returns the forms to search for; for a secret of letters and digits, the secret itself and its encodings. Returns
 * none for a secret that looks like ordinary text.
 */
export function formsOf(secret: string): string[] {
  if (!isTellable(secret)) return [];
  return [...new Set(piecesOf(secret.slice(0, MAX_SECRET_LENGTH)).flatMap(formsOfPiece))];
}

function piecesOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/, MAX_LINES).map((line) => line.trim());
  // Single lines may be ordinary text, such as "{".
  const distinctive = lines.length > 1 ? lines.filter((line) => line.length >= 16 && isTellable(line)) : [];
  return [...chunksOf(secret), ...distinctive.flatMap(chunksOf)];
}

function chunksOf(text: string): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < text.length; ) {
    const rest = text.length - at;
    // Avoid a last piece too short to be found.
    let length = rest <= MAX_PIECE_LENGTH * 1.5 ? rest : MAX_PIECE_LENGTH;
    if (length < rest && /[\uD800-\uDBFF]/.test(text.charAt(at + length - 1))) length++;
    chunks.push(text.slice(at, at + length));
    at += length;
  }
  return chunks;
}

function formsOfPiece(piece: string): string[] {
  const text = piece.toWellFormed();
  const plain = [piece, printed(piece)];
  const quoted = plain.map(inJson);
  const url = encodeURIComponent(text);
  return [
    ...plain,
    ...quoted,
    // As JSON nested in a JSON string.
    ...quoted.map(inJson),
    url,
    url.replace(/%../g, (code) => code.toLowerCase()),
    // In a form body, and in a URL's path, where different characters are left unescaped.
    new URLSearchParams({ "": text }).toString().slice(1),
    encodeURI(text),
    ...inBase64(text),
    ...inHex(text),
  ];
}

/** As `console.log` prints a string inside an object. */
const printed = (text: string): string => inspect(text, { maxStringLength: null }).slice(1, -1);

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

function inHex(text: string): string[] {
  const hex = Buffer.from(text).toString("hex");
  return [hex, hex.toUpperCase()];
}

/** Shorter pieces could occur in any base64 text. */
const MIN_BASE64_LENGTH = 12;

/**
 * The part common to all base64 encodings that contain the text, such as of "name:secret". The text may start at any of
 * three offsets.
 */
function inBase64(text: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.from(`${"-".repeat(before)}${text}`);
    // The characters at both ends also encode bits of neighbouring bytes.
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((bytes.length * 8) / 6);
    return (["base64", "base64url"] as const)
      .map((encoding) => bytes.toString(encoding).slice(from, to))
      .filter((piece) => piece.length >= MIN_BASE64_LENGTH);
  });
}
