// Tells what kind of image a file is by its first bytes, and its size in pixels. Everything is at a fixed place, except in a JPEG,
// whose segments are passed one by one.

export interface Image {
  mediaType: "image/png" | "image/jpeg" | "image/gif" | "image/webp";
  /** Pixels; null when the header does not say, which makes the image unusable. */
  size: { width: number; height: number } | null;
}

/** Returns undefined if the file is not an image of a kind that models accept. */
export function readImage(file: Uint8Array): Image | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const text = (from: number, to: number) => String.fromCharCode(...file.subarray(from, to));
  if (text(0, 8) === "\x89PNG\r\n\x1a\n") {
    const isWhole = file.length >= 24 && text(12, 16) === "IHDR";
    return image("image/png", isWhole && [view.getUint32(16), view.getUint32(20)]);
  }
  if (text(0, 6) === "GIF87a" || text(0, 6) === "GIF89a") {
    return image("image/gif", file.length >= 10 && [view.getUint16(6, true), view.getUint16(8, true)]);
  }
  if (text(0, 4) === "RIFF" && text(8, 12) === "WEBP")
    return image("image/webp", webpSize(view, text(12, 16)));
  if (text(0, 3) === "\xff\xd8\xff") return image("image/jpeg", jpegSize(view));
  return undefined;
}

type Size = [width: number, height: number] | false;

const image = (mediaType: Image["mediaType"], size: Size): Image => ({
  mediaType,
  size: size && size[0] > 0 && size[1] > 0 ? { width: size[0], height: size[1] } : null,
});

/** https://developers.google.com/speed/webp/docs/riff_container */
function webpSize(view: DataView, kind: string): Size {
  if (view.byteLength < 30) return false;
  switch (kind) {
    case "VP8X":
      return [1 + uint24(view, 24), 1 + uint24(view, 27)];
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return [1 + (bits & 0x3fff), 1 + ((bits >> 14) & 0x3fff)];
    }
    case "VP8 ":
      return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
    default:
      return false;
  }
}

const uint24 = (view: DataView, at: number): number =>
  view.getUint16(at, true) | (view.getUint8(at + 2) << 16);

/** The segments that start a frame, except DHT (c4), JPG (c8) and DAC (cc), which only look like it. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

function jpegSize(view: DataView): Size {
  for (let at = 2; at + 9 < view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) return false;
    const marker = view.getUint8(at + 1);
    // Fill bytes.
    if (marker === 0xff) at += 1;
    else if (isFrame(marker)) return [view.getUint16(at + 7), view.getUint16(at + 5)];
    else at += 2 + Math.max(2, view.getUint16(at + 2));
  }
  return false;
}
