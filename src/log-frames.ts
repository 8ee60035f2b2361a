// Selects the frames of a stack that the log shows. For an error in an integration's code these are the author's own; how Heddle
// came to call the code does not help the author.

/** The folder of Heddle's sources. A compiled program has them in a file system of its own. */
const OWN = import.meta.dirname;

/** Returns the frames ("at name (/file.ts:1:2)") without Heddle's own, if any of them is foreign code. */
export function framesToShow(frames: readonly string[], { isExpected }: { isExpected: boolean }): string[] {
  const last = frames.findLastIndex(isForeign);
  if (last < 0) return [...frames];
  // The frames above the first foreign one are what its code called; a bug of Heddle itself would be there.
  const first = isExpected ? 0 : frames.findIndex(isForeign);
  return frames.filter((frame, at) => (at < first ? true : at <= last && !isInternal(frame)));
}

/** Whether the frame is code of an integration. */
const isForeign = (frame: string): boolean => {
  const place = placeOf(frame);
  return place.startsWith("/") && !isOwn(place) && !place.includes("/node_modules/");
};

/** Whether the frame is Heddle's or the runtime's. */
const isInternal = (frame: string): boolean => {
  const place = placeOf(frame);
  return isOwn(place) || !/[/\\]/.test(place) || /^(node|bun|native|internal):/.test(place);
};

const isOwn = (place: string): boolean =>
  // A compiled program may name its sources by their paths in the repository.
  place.startsWith(`${OWN}/`) || place.startsWith("/$bunfs/") || place.startsWith("src/");

/** Returns the text in parentheses, or after "at": a file with line and column, or "native". */
function placeOf(frame: string): string {
  const text = frame.trim().replace(/\)$/, "");
  const open = text.lastIndexOf("(");
  const place = open >= 0 ? text.slice(open + 1) : text.slice(text.lastIndexOf(" ") + 1);
  return place.startsWith("file://") ? place.slice("file://".length) : place;
}
