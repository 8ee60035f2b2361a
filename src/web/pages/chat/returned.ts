/** A message that was not sent, before what has been written since: neither is lost. */
export const withReturned = (text: string, draft: string): string =>
  [text, draft].filter((one) => one.trim() !== "").join("\n\n");
