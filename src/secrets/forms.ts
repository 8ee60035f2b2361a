// The forms that a secret takes in other text: quoted, in a URL, in base64, by the line.

import { inspect } from "node:util";
import { isTellable } from "./strength.ts";

/** Longer secrets are known by pieces of this length, one after the other: each of them is hidden. */
const LONGEST_PIECE = 1_024;
/** What follows in a longer one is not looked for; no door takes such a secret. */
const LONGEST_SECRET = 64 * 1_024;

/** Of a key file or the like. */
const MOST_LINES = 256;

/** For a secret of letters and digits these are the secret and its base64; none for one that is like ordinary text. */
export function formsOf(secret: string): string[] {
  if (!isTellable(secret)) return [];
  return [...new Set(piecesOf(secret.slice(0, LONGEST_SECRET)).flatMap(formsOfPiece))];
}

function piecesOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/, MOST_LINES).map((line) => line.trim());
  // One line of several may be ordinary, such as "{".
  const telling = lines.length > 1 ? lines.filter((line) => line.length >= 16 && isTellable(line)) : [];
  return [...chunksOf(secret), ...telling.flatMap(chunksOf)];
}

function chunksOf(text: string): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < text.length; ) {
    const rest = text.length - at;
    // No end is left over that is too short to be found.
    let length = rest <= LONGEST_PIECE * 1.5 ? rest : LONGEST_PIECE;
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
    // In JSON that is a text within JSON.
    ...quoted.map(inJson),
    url,
    url.replace(/%../g, (code) => code.toLowerCase()),
    // In a form, and in the path of a URL, where other characters stay as they are.
    new URLSearchParams({ "": text }).toString().slice(1),
    encodeURI(text),
    ...inBase64(text),
    ...inHex(text),
  ];
}

/** As `console.log` shows it within an object. */
const printed = (text: string): string => inspect(text, { maxStringLength: null }).slice(1, -1);

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

function inHex(text: string): string[] {
  const hex = Buffer.from(text).toString("hex");
  return [hex, hex.toUpperCase()];
}

/** Shorter pieces might be part of any base64. */
const MIN_BASE64_LENGTH = 12;

/** What all base64 that the text is a part of has in common, such as that of "name:secret": it may begin at each of three places. */
function inBase64(text: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.from(`${"-".repeat(before)}${text}`);
    // The characters at both ends hold bits of the neighbours.
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((bytes.length * 8) / 6);
    return (["base64", "base64url"] as const)
      .map((encoding) => bytes.toString(encoding).slice(from, to))
      .filter((piece) => piece.length >= MIN_BASE64_LENGTH);
  });
}
