/** Returns the text, or its head and tail around a note of how many characters were cut. Never longer than `max`. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const note = `\n\n[… ${text.length - max} or more of ${text.length} characters cut …]\n\n`;
  const kept = max - note.length;
  // There is no room for the note, and the caller's limit takes precedence.
  if (kept <= 0) return text.slice(0, Math.max(0, max)).toWellFormed();
  const head = Math.ceil(kept * 0.7);
  const tail = text.length - (kept - head);
  // A cut may fall between the two halves of a surrogate pair.
  return `${text.slice(0, head).toWellFormed()}${note}${text.slice(tail).toWellFormed()}`;
}
