// Whether a place in a Markdown text is inside a code block, where a tag is an example and no mark of the model's. The text may come in pieces.

/** The most characters of a line that are looked at: three spaces and the fence. */
const LOOKED_AT = 6;
const FENCE = /^ {0,3}(?:```|~~~)/;

export function createCodeFences() {
  let isOpen = false;
  /** How the current line begins. */
  let line = "";
  return {
    /** At the end of what was added. A line counts once it has ended. */
    isOpen: () => isOpen,
    add(text: string): void {
      for (let at = 0; ; ) {
        const end = text.indexOf("\n", at);
        const stop = end < 0 ? text.length : end;
        if (line.length < LOOKED_AT) line += text.slice(at, Math.min(stop, at + LOOKED_AT - line.length));
        if (end < 0) return;
        if (FENCE.test(line)) isOpen = !isOpen;
        line = "";
        at = end + 1;
      }
    },
  };
}
