// Decodes text files. What is not text in any common encoding is refused, because a model can make nothing of it.

/** Returns undefined for a binary file. */
export function decodeText(file: Uint8Array): string | undefined {
  const [first, second, third] = file;
  if (first === 0xff && second === 0xfe) return unlessBinary(new TextDecoder("utf-16le").decode(file));
  if (first === 0xfe && second === 0xff) return unlessBinary(new TextDecoder("utf-16be").decode(file));
  try {
    const isMarked = first === 0xef && second === 0xbb && third === 0xbf;
    return unlessBinary(new TextDecoder("utf-8", { fatal: true }).decode(isMarked ? file.subarray(3) : file));
  } catch {
    // Old files of Windows and of Western European systems. Nearly every byte is a character there.
    return unlessBinary(new TextDecoder("windows-1252").decode(file));
  }
}

/** Tab, line feed, vertical tab, form feed, carriage return and escape, which text files do contain. */
const ORDINARY = [0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1b];
/** Of the first characters, how many may be control characters. */
const EXAMINED = 8_192;
const MOST_CONTROL = 0.02;

function unlessBinary(text: string): string | undefined {
  if (text.includes("\0")) return undefined;
  const length = Math.min(text.length, EXAMINED);
  let found = 0;
  for (let at = 0; at < length; at++) if (isControl(text.charCodeAt(at))) found += 1;
  return found > length * MOST_CONTROL ? undefined : text;
}

const isControl = (code: number): boolean =>
  (code < 0x20 && !ORDINARY.includes(code)) || (code >= 0x7f && code < 0xa0);
