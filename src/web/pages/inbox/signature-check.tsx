import type { Schema } from "../../api/client.ts";
import { Facts } from "../../parts/facts.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Badge } from "../../parts/status.tsx";
import { Duration } from "../../parts/units.tsx";

/** How the sender was checked, step by step; nothing where no verifier was called. */
export function SignatureCheck({ signature }: { signature: Schema<"SignatureCheck"> | null }) {
  if (signature === null) return null;
  const { scheme, headers, problem, secret_number, age_seconds } = signature;
  return (
    <Section title="How the sender was checked">
      <Facts
        facts={[
          [
            "Result",
            problem === null ? (
              <Badge key="result" tone="good">
                Accepted
              </Badge>
            ) : (
              <Badge key="result" tone="bad">
                Refused
              </Badge>
            ),
          ],
          problem !== null && ["Why", problem],
          ["Scheme", scheme === "own" ? "The integration's own code" : scheme],
          headers.length > 0 && ["Headers", <code key="headers">{headers.join(", ")}</code>],
          secret_number !== null && ["Secret that matched", `number ${secret_number}`],
          age_seconds !== null && [
            "Signed",
            <span key="age">
              <Duration ms={Math.abs(age_seconds) * 1000} />{" "}
              {age_seconds < 0 ? "in the future" : "before it arrived"}
            </span>,
          ],
        ]}
      />
    </Section>
  );
}
