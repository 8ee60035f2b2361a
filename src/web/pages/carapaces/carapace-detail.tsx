import { useQuery } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";
import { Awaited } from "../../parts/awaited.tsx";
import { CodeBlock } from "../../parts/code-block.tsx";
import { ContentFile } from "../../parts/content-file.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Facts } from "../../parts/facts.tsx";
import { FileOrigin, originWords } from "../../parts/file-origin.tsx";
import { Names } from "../../parts/names.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Badge } from "../../parts/status.tsx";
import { Warnings } from "../../parts/warnings.tsx";
import { YamlText } from "../../parts/yaml-text.tsx";
import { CarapaceUses } from "./carapace-uses.tsx";

type Carapace = Schema<"GetCarapacesByIdAnswer">;

const toSkill = (id: string) => `/skills/${id}`;
const toCarapace = (id: string) => `/carapaces/${id}`;

/** One carapace: what a bot gets with it, who has it, and its file. */
export function CarapaceDetail({ id, closeHref }: { id: string; closeHref: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["carapaces", "one", id],
    queryFn: () => take(api.GET("/api/v1/carapaces/{id}", { params: { path: { id } } })),
  });
  if (!data) {
    return (
      <Detail title="Carapace" closeHref={closeHref}>
        <Awaited error={error} onRetry={() => void refetch()} />
      </Detail>
    );
  }
  return (
    <Detail
      title={data.name}
      closeHref={closeHref}
      facts={
        <>
          <code>{data.id}</code>
          <Badge>{originWords(data)}</Badge>
        </>
      }
    >
      <ContentFile kind="carapaces" item={data} />
      {data.description !== "" && <p>{data.description}</p>}
      <Warnings of={data.resolved.warnings} label="What is missing" />
      <Gives carapace={data} />
      <CarapaceUses id={id} />
      <Section title="Where it comes from">
        <Facts
          facts={[
            ["File", <FileOrigin key="file" {...data} />],
            data.tags.length > 0 && ["Tags", <Names key="tags" of={data.tags} />],
          ]}
        />
      </Section>
      <Section title="As YAML">
        <YamlText value={writtenOf(data)} what="carapace as YAML" />
      </Section>
    </Detail>
  );
}

/** What a bot gets with it, includes and all. */
function Gives({ carapace: { id, resolved, requires, delegates } }: { carapace: Carapace }) {
  const { tools, skills, on_demand_skills, fragments } = resolved;
  const included = resolved.carapaces.filter((one) => one !== id);
  return (
    <>
      <Section title="What a bot gets with it">
        <Facts
          facts={[
            ["Tools", <Names key="tools" of={tools} />],
            ["Skills in every run", <Names key="pinned" of={skills} hrefOf={toSkill} />],
            ["Skills on demand", <Names key="on demand" of={on_demand_skills} hrefOf={toSkill} />],
            included.length > 0 && [
              "Included carapaces",
              <Names key="included" of={included} hrefOf={toCarapace} />,
            ],
            requires.tools.length > 0 && ["Requires", <Names key="requires" of={requires.tools} />],
            delegates.length > 0 && [
              "Delegates to",
              <Names key="delegates" of={delegates.map((one) => one.id)} />,
            ],
          ]}
        />
      </Section>
      {fragments.map((fragment) => (
        <Section
          key={fragment.id}
          title={fragment.id === id ? "What it adds to the prompt" : `What ${fragment.id} adds to the prompt`}
        >
          <CodeBlock text={fragment.text} what={`prompt text of ${fragment.id}`} wrap />
        </Section>
      ))}
    </>
  );
}

/** The fields of its file, without those that say nothing. */
function writtenOf(carapace: Carapace): object {
  const { name, description, skills, local_tools, pinned_tools, mcp_tools } = carapace;
  const { system_prompt_fragment, includes, delegates, requires, tags } = carapace;
  const fields = {
    ...{ name, description, skills, local_tools, pinned_tools, mcp_tools },
    ...{ system_prompt_fragment, includes, delegates, tags },
    requires: requires.tools.length > 0 ? requires : "",
  };
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => value !== "" && !(Array.isArray(value) && value.length === 0),
    ),
  );
}
