import classes from "./diff.module.css";

/** A unified diff: additions and removals have a colour and keep their sign. */
export function Diff({ text, what }: { text: string; what: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
    <section className={classes.diff} tabIndex={0} aria-label={what}>
      <pre>
        {text.split("\n").map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
          <span key={index} className={classes.line} data-kind={kindOf(line)}>
            {line}
            {"\n"}
          </span>
        ))}
      </pre>
    </section>
  );
}

function kindOf(line: string): "added" | "removed" | "place" | undefined {
  if (line.startsWith("+++ ") || line.startsWith("--- ") || line.startsWith("@@")) return "place";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : undefined;
}
