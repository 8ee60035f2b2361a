import { CodeBlock } from "../../parts/code-block.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Badge } from "../../parts/status.tsx";
import type { Found as Hit } from "./queries.ts";

export const LANES = { lexical: "Words", vector: "Vector", both: "Words and vector" } as const;

/** A score, comparable only within one search. */
export const Score = ({ value }: { value: number }) => (
  <span className="number" title={`${value}; comparable only within this search`}>
    {value.toFixed(4)}
  </span>
);

/** The passage that the search found, and why it counts. */
export function FoundPassage({ hit }: { hit: Hit }) {
  return (
    <Section title="What was found">
      <CodeBlock text={hit.content} what="passage" wrap />
      <Facts
        facts={[
          ["Found by", LANES[hit.lane]],
          ["Score", <Score key="score" value={hit.score} />],
          hit.weak && [
            "Weak",
            <span key="weak">
              <Badge tone="warn">Weak</Badge> Hardly related to the search. Heddle puts no weak hit into a
              prompt by itself.
            </span>,
          ],
        ]}
      />
    </Section>
  );
}
