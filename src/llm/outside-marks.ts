// Marks text of strangers in a message, where it stands beside what the operator and Heddle say.

/**
 * The marks name the message by the random end of its id, which exists only once the text does, so that the text cannot contain
 * them; and they are the same in each request.
 */
export function fromOutside({ id, content }: { id: string; content: string }): string {
  const mark = id.slice(-12);
  return `[outside ${mark}]\n${content}\n[/outside ${mark}]`;
}

/** The text between the marks, for whoever searches or shows it. */
export const withoutMarks = (text: string): string =>
  text.replace(/^\[outside \w+\]\n/, "").replace(/\n\[\/outside \w+\]$/, "");
