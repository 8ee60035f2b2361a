/** Reads a file as text; throws with a sentence for people when it is none. */
export async function readText(file: Blob & { name: string }): Promise<string> {
  const bytes = await file.arrayBuffer();
  const none = new Error(`${file.name} is not a text in UTF-8. Documents are Markdown or plain text.`);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (text.includes("\0")) throw none;
    return text;
  } catch {
    throw none;
  }
}

/** "handbook/opening-hours.md" → "opening-hours". */
export const titleOf = (name: string): string => {
  const last = name.slice(name.lastIndexOf("/") + 1);
  return last.replace(/\.(md|markdown|txt)$/i, "") || last;
};
