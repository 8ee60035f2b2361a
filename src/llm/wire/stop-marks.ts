// The marks with which models end their answers, where a server leaves them in the text.

const MARKS = [
  "<|im_end|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "<|end_of_text|>",
  "<|endoftext|>",
  "<|end|>",
  "<|return|>",
  "<|END_OF_TURN_TOKEN|>",
  "<|user|>",
  "<|observation|>",
  "<｜end▁of▁sentence｜>",
  "<end_of_turn>",
  "<turn|>",
  "<eos>",
  "</s>",
];

/** Any of them, wherever it stands. */
export const STOP_MARK = new RegExp(MARKS.map(RegExp.escape).join("|"), "g");

/** Takes them away at the end of the text. In HTML, `</s>` ends what is struck out. */
export function withoutStopMarks(text: string): string {
  const isHtml = text.includes("<s>");
  let rest = text;
  for (;;) {
    const end = rest.trimEnd();
    const mark = MARKS.find((one) => end.endsWith(one));
    if (mark === undefined || (mark === "</s>" && isHtml) || end.at(-mark.length - 1) === "`") return rest;
    rest = end.slice(0, -mark.length).trimEnd();
  }
}
