import { Section } from "../../parts/page-frame.tsx";
import { Badge } from "../../parts/status.tsx";
import { countText, tokensText } from "../../parts/units.tsx";
import classes from "./run.module.css";

interface Part {
  source: string;
  tokens: number;
  state: "kept" | "shortened" | "dropped";
  tokens_before?: number;
  reason?: string;
}

interface Context {
  window: number;
  budget: number;
  parts: Part[];
}

/** What a request consisted of, in its order, and the part in which the cached beginning ends. */
export function ContextTable({ context, cached }: { context: unknown; cached: number }) {
  if (typeof context !== "object" || context === null) return null;
  const { window, budget, parts } = context as Context;
  const total = parts.reduce((sum, { tokens }) => sum + tokens, 0);
  const ends = cached > 0 ? endOfCached(parts, cached) : -1;
  return (
    <Section title="What the request consisted of">
      <p className="faint">
        About {tokensText(total)} (estimated) of a budget of {tokensText(budget)}; the model takes{" "}
        {tokensText(window)}.
      </p>
      <table className={classes.context}>
        <thead>
          <tr>
            <th scope="col">Part</th>
            <th scope="col">State</th>
            <th scope="col" className={classes.number}>
              Tokens
            </th>
          </tr>
        </thead>
        <tbody>
          {parts.map((part, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: parts keep their places
            <tr key={index} className={index === ends ? classes.boundary : undefined}>
              <td>
                {part.source.replaceAll("_", " ")}
                {index === ends && " · the cached beginning ends here"}
              </td>
              <td>
                {part.state === "kept" ? "Sent whole" : <Badge tone="warn">{part.state}</Badge>} {part.reason}
              </td>
              <td className={classes.number} title={`${countText(part.tokens)} tokens`}>
                {countText(part.tokens)}
                {part.tokens_before !== undefined && ` of ${countText(part.tokens_before)}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

/** The index of the part in which the given number of tokens from the beginning ends. */
function endOfCached(parts: readonly Part[], cached: number): number {
  let sum = 0;
  return parts.findIndex(({ tokens }) => {
    sum += tokens;
    return sum >= cached;
  });
}
