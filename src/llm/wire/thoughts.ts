// Removes a model's thoughts from its answer. Several servers leave them in the text, marked by tags.

/** A tag right behind a backtick is quoted by the model, and part of its answer. */
const TAG = /(?<!`)(?:<(\/?)(?:think|thinking|thought|reasoning|seed:think)>|\[(\/?)THINK\]|◁(\/?)think▷)/g;

/**
 * Removes each pair of tags with what stands between them. A closing tag without its opening one ends thoughts that
 * began with the text, since some chat templates write the opening tag themselves; an opening tag without its closing
 * one begins thoughts that go on to the end.
 */
export function withoutThoughts(text: string): string {
  const spoken = afterChannel(text);
  if (spoken !== text) return withoutThoughts(spoken);
  const kept: string[] = [];
  let [at, openedAt] = [0, -1];
  for (const tag of text.matchAll(TAG)) {
    const isClosing = tag[1] === "/" || tag[2] === "/" || tag[3] === "/";
    const end = tag.index + tag[0].length;
    if (!isClosing) {
      if (openedAt >= 0) continue;
      kept.push(text.slice(at, tag.index));
      openedAt = tag.index;
    } else {
      if (openedAt < 0) kept.length = 0;
      openedAt = -1;
      at = end;
    }
  }
  if (at === 0 && openedAt < 0) return text;
  if (openedAt < 0) kept.push(text.slice(at));
  return kept.join("").trim();
}

/** What a server that does not know the format of gpt-oss leaves of it: the answer stands in the last channel, which is "final". */
const FINAL = "<|channel|>final<|message|>";
const LAST_MARKS = ["<|return|>", "<|end|>"];

function afterChannel(text: string): string {
  const begin = text.lastIndexOf(FINAL);
  if (begin < 0 || !text.trimStart().startsWith("<|")) return text;
  const answer = text.slice(begin + FINAL.length);
  const end = LAST_MARKS.map((mark) => answer.indexOf(mark)).filter((at) => at >= 0);
  return answer.slice(0, Math.min(answer.length, ...end));
}
