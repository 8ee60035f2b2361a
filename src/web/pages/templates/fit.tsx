import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { Schema } from "../../api/client.ts";
import { integrations } from "../../api/queries.ts";
import { AwaitedAll } from "../../parts/awaited.tsx";
import { type Fact, Facts } from "../../parts/facts.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Badge } from "../../parts/status.tsx";

type Template = Schema<"Template">;

const OF_INTEGRATION = "integration:";

/** The integrations that the template names itself. */
export const madeFor = ({ tags }: Pick<Template, "tags">): string[] =>
  tags.flatMap((tag) => (tag.startsWith(OF_INTEGRATION) ? [tag.slice(OF_INTEGRATION.length)] : []));

/** Each integration that the template names or that names the template, with whether they fit and why not. */
export function Fit({ template }: { template: Template }) {
  const read = useQuery(integrations);
  const named = [...new Set([...template.compatible_with, ...madeFor(template)])].sort();
  return (
    <Section title="What it fits">
      {named.length === 0 ? (
        <p className="faint">
          It is made for no integration in particular, so it may be used in any channel.
        </p>
      ) : (
        <AwaitedAll reads={[read]}>
          <Facts
            facts={named.map((id): Fact => {
              const integration = read.data?.find((one) => one.id === id);
              return [
                integration?.name ?? id,
                <span key="fit">
                  <Verdict template={template} id={id} isThere={integration !== undefined} />{" "}
                  <Link href={`/admin/integrations/${id}`}>See the integration</Link>
                </span>,
              ];
            })}
          />
        </AwaitedAll>
      )}
    </Section>
  );
}

function Verdict({ template, id, isThere }: { template: Template; id: string; isThere: boolean }) {
  const least = template.min_versions[id];
  if (template.compatible_with.includes(id)) {
    return (
      <>
        <Badge tone="good">Fits</Badge> {least !== undefined && `It needs version ${least}, and has it.`}
      </>
    );
  }
  if (!isThere) return <Badge>Not installed</Badge>;
  return (
    <>
      <Badge tone="warn">Does not fit now</Badge>{" "}
      {least === undefined
        ? "The integration is not running."
        : `It needs version ${least} or newer, and the integration to run.`}
    </>
  );
}
