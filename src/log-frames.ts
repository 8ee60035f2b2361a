// Which frames of a stack are for whoever reads the log. Of an error in an integration's code they are the author's; how Heddle came
// to call it says nothing to an author.

/** Heddle's sources; a compiled program has them in a file system of its own. */
const OWN = import.meta.dirname;

/** The frames ("at name (/file.ts:1:2)") without Heddle's, if there are frames of somebody else's code among them. */
export function framesToShow(frames: readonly string[], { isExpected }: { isExpected: boolean }): string[] {
  const last = frames.findLastIndex(isForeign);
  if (last < 0) return [...frames];
  // Above the first foreign frame is what its code called: where a bug of Heddle's own would be.
  const first = isExpected ? 0 : frames.findIndex(isForeign);
  return frames.filter((frame, at) => (at < first ? true : at <= last && !isInternal(frame)));
}

/** Code of an integration. */
const isForeign = (frame: string): boolean => {
  const place = placeOf(frame);
  return place.startsWith("/") && !isOwn(place) && !place.includes("/node_modules/");
};

/** Heddle's or the runtime's. */
const isInternal = (frame: string): boolean => {
  const place = placeOf(frame);
  return isOwn(place) || !/[/\\]/.test(place) || /^(node|bun|native|internal):/.test(place);
};

const isOwn = (place: string): boolean =>
  // A compiled program may name its sources by their paths in the repository.
  place.startsWith(`${OWN}/`) || place.startsWith("/$bunfs/") || place.startsWith("src/");

/** What stands in the parentheses, or after "at": a file with line and column, or "native". */
function placeOf(frame: string): string {
  const text = frame.trim().replace(/\)$/, "");
  const open = text.lastIndexOf("(");
  const place = open >= 0 ? text.slice(open + 1) : text.slice(text.lastIndexOf(" ") + 1);
  return place.startsWith("file://") ? place.slice("file://".length) : place;
}
