// Removes a model's thoughts from its answer. Several servers leave them in the text, marked by tags.

import { createCodeFences } from "./code-fences.ts";
import { ANY_MARK } from "./thought-marks.ts";

type Mark = RegExpExecArray | RegExpMatchArray;

const isClosing = ({ groups }: Mark): boolean => groups?.closing !== undefined;
const isAround = ({ groups }: Mark): boolean => groups?.around !== undefined;

/** Whether the text ends a thought that it has not begun. */
export function startsInThought(text: string): boolean {
  const first = text.matchAll(ANY_MARK).find((mark) => !isAround(mark));
  return first !== undefined && isClosing(first);
}

/**
 * Removes each pair of tags with what stands between them. A closing tag without its opening one ends thoughts that
 * began with the text, since some chat templates write the opening tag themselves; an opening tag without its closing
 * one begins thoughts that go on to the end. A pair that begins in a code block of the answer is an example, and part of it. So is a mark
 * around an answer; elsewhere it is left out alone.
 */
export function withoutThoughts(text: string): string {
  const kept: string[] = [];
  let [at, openedAt] = [0, -1];
  /** How far the answer was looked through for code, and the tags in it that are open. */
  let [readTo, examples] = [0, 0];
  let fences = createCodeFences();
  for (const tag of text.matchAll(ANY_MARK)) {
    const end = tag.index + tag[0].length;
    if (openedAt < 0) {
      fences.add(text.slice(readTo, tag.index));
      readTo = tag.index;
      if (isAround(tag)) {
        if (fences.isOpen()) continue;
        kept.push(text.slice(at, tag.index));
        at = end;
        readTo = end;
        continue;
      }
      if (!fences.isOpen()) examples = 0;
      else if (!isClosing(tag) || examples > 0) {
        examples += isClosing(tag) ? -1 : 1;
        continue;
      }
    }
    if (isAround(tag)) continue;
    if (!isClosing(tag)) {
      if (openedAt >= 0) continue;
      kept.push(text.slice(at, tag.index));
      openedAt = tag.index;
    } else {
      if (openedAt < 0) {
        kept.length = 0;
        fences = createCodeFences();
      }
      openedAt = -1;
      at = end;
      readTo = end;
    }
  }
  if (at === 0 && openedAt < 0) return text;
  if (openedAt < 0) kept.push(text.slice(at));
  return kept.join("").trim();
}
