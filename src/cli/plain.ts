/** Without control characters: what a model or a stranger has written must not move the cursor or change the terminal. */
export const plain = (text: string): string => text.replace(/(?![\n\t])\p{Cc}/gu, "");

/** Prints what a server has answered. */
export const printLine = (line: string): void => console.log(plain(line));
