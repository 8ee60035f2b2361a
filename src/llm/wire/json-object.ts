// Finds the end of a JSON object in a growing text, reading each character once.

export interface ObjectScanner {
  /** Reads `text` from `start`; returns the position just behind the brace that closes the object, if it is there. */
  feed(text: string, start?: number): number | undefined;
  /** Whether the object has begun and has ended. */
  isWhole(): boolean;
}

/** Braces inside JSON strings do not count. Text before the first brace is skipped. */
export function createObjectScanner(): ObjectScanner {
  let [depth, isOpened, isQuoted, isEscaped] = [0, false, false, false];
  return {
    feed(text, start = 0) {
      for (let at = start; at < text.length; at++) {
        const character = text[at];
        if (isEscaped) isEscaped = false;
        else if (isQuoted) {
          if (character === "\\") isEscaped = true;
          else if (character === '"') isQuoted = false;
        } else if (character === "{") {
          depth++;
          isOpened = true;
        } else if (!isOpened) continue;
        else if (character === '"') isQuoted = true;
        else if (character === "}" && --depth === 0) return at + 1;
      }
      return undefined;
    },
    isWhole: () => isOpened && depth <= 0,
  };
}
