/** The text itself, or its head and tail around a note of how many characters were cut; never above `max`. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const note = `\n\n[… ${text.length - max} or more of ${text.length} characters cut …]\n\n`;
  const kept = max - note.length;
  // Too small for a note: the caller's limit counts more.
  if (kept <= 0) return text.slice(0, Math.max(0, max)).toWellFormed();
  const head = Math.ceil(kept * 0.7);
  const tail = text.length - (kept - head);
  // A cut may fall between the two halves of a surrogate pair.
  return `${text.slice(0, head).toWellFormed()}${note}${text.slice(tail).toWellFormed()}`;
}
