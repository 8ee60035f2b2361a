// Which comments of a forge are questions, and which are answers.

const idIn = (text: string): string => /approve ([\w-]+)/.exec(text)?.[1] ?? "";
const isQuestion = (text: string): boolean => text.includes("`create_schedule`");

/** A question that can still be answered has the commands for that. */
export function questionOf(texts: string[]) {
  const text = texts.find(isQuestion);
  return text === undefined ? undefined : { text, yes: idIn(text) || undefined };
}

export const answersOf = (texts: string[]) => texts.filter((text) => !isQuestion(text));
