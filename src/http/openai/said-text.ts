import type { Outcome } from "../../chat/outcome.ts";

/**
 * The text of a run as one message to the client, who knows nothing of the tools between its parts. `isWhole`: it is sent at the end,
 * and only what the run ends with: an answer that must match a schema, or be a call, may be asked for twice.
 */
export function createSaidText(write: (text: string) => object[], isWhole: boolean) {
  let said = "";
  let isNext = false;
  let beforeTools = "";
  const say = (text: string): object[] => {
    if (text === "") return [];
    const piece = isNext ? `\n\n${text}` : text;
    said += piece;
    isNext = false;
    return write(piece);
  };
  return {
    /** What the client has been sent. */
    said: () => said,
    add: (text: string) => (isWhole ? [] : say(text)),
    /** Called before tools are called, with the whole text that was written since the last calls. */
    tools(text: string): void {
      beforeTools = text;
      isNext = said !== "";
    },
    end: ({ status, text }: Outcome) =>
      isWhole ? say(status === "waiting" ? beforeTools : (text ?? "")) : [],
  };
}
