/** The scopes in a text, each once. */
export const scopesIn = (text: string): string[] => [
  ...new Set(text.split(/[\s,]+/).filter((scope) => scope !== "")),
];

interface Choice {
  /** Scopes that are chosen. */
  value: readonly string[];
  text: string;
  /** Whether a box stands for the scope. */
  isBox(scope: string): boolean;
}

/** While somebody types: the beginning of a scope may be another scope, so that no box is checked yet. */
export const whileTyping = ({ value, text, isBox }: Choice): string[] => [
  ...value.filter(isBox),
  ...scopesIn(text).filter((scope) => !isBox(scope)),
];

/** Once it has been typed: what a box stands for is chosen as well, and is shown by the box alone. */
export function onceTyped({ value, text, isBox }: Choice): { value: string[]; text: string } {
  const typed = scopesIn(text);
  return {
    value: [...new Set([...value, ...typed])],
    text: typed.filter((scope) => !isBox(scope)).join("\n"),
  };
}
