import classes from "./code-block.module.css";
import { CopyButton } from "./copy-button.tsx";
import { terminalText } from "./terminal-text.ts";

interface CodeBlockProps {
  text: string;
  /** What it is, for the copy button and screen readers: "body". */
  what: string;
  /** Lines are broken instead of scrolled sideways. */
  wrap?: boolean;
}

/** Text as it is, but for colours of terminals, with a button that copies all of it. */
export function CodeBlock({ text, what, wrap = false }: CodeBlockProps) {
  return (
    <div className={classes.block}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it */}
      <section className={classes.text} data-wrap={wrap || undefined} tabIndex={0} aria-label={what}>
        <pre>{terminalText(text)}</pre>
      </section>
      <div className={classes.copy}>
        <CopyButton text={text} what={what} />
      </div>
    </div>
  );
}

/** JSON, indented. A text that is JSON is read first. */
export function Json({ value, what }: { value: unknown; what: string }) {
  return <CodeBlock text={jsonText(value)} what={what} />;
}

function jsonText(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value, null, 2) ?? "";
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}
