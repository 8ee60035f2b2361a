// Output of programs, as it would be read in a terminal.

/** Colours, movements of the cursor, titles and links: what a program tells the terminal, and not the reader. */
const COMMANDS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this must find.
  /\u001b(?:\[[\d;:?]{0,40}[ -/]{0,4}[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[()][0-9A-B]|[=>78cDEHMNOZ])/g;

/** Without these commands, a text of a tool or a log is full of "[31m". */
export const terminalText = (text: string): string =>
  text.includes("\u001b") ? text.replace(COMMANDS, "") : text;
