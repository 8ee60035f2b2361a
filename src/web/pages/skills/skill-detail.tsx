import { useQuery } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";
import { Awaited } from "../../parts/awaited.tsx";
import { ContentFile } from "../../parts/content-file.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Facts } from "../../parts/facts.tsx";
import { FileOrigin, originWords } from "../../parts/file-origin.tsx";
import { Markdown } from "../../parts/markdown.tsx";
import { Names } from "../../parts/names.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Badge } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { countText, plural } from "../../parts/units.tsx";
import { SkillUses } from "./skill-uses.tsx";

/** One skill: who uses it and how, where it comes from, whether the search knows it, and its text. */
export function SkillDetail({ id, closeHref }: { id: string; closeHref: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["skills", "one", id],
    queryFn: () => take(api.GET("/api/v1/skills/{id}", { params: { path: { id } } })),
  });
  if (!data) {
    return (
      <Detail title="Skill" closeHref={closeHref}>
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
      <ContentFile kind="skills" item={data} />
      {data.description !== "" && <p>{data.description}</p>}
      <SkillUses id={id} />
      <About skill={data} />
      <Section title="Text">
        <Markdown text={data.text} />
      </Section>
    </Detail>
  );
}

function About({ skill }: { skill: Schema<"Skill"> }) {
  const { tags, characters, indexed_at, passages } = skill;
  return (
    <Section title="Where it comes from">
      <Facts
        facts={[
          ["File", <FileOrigin key="file" {...skill} />],
          tags.length > 0 && ["Tags", <Names key="tags" of={tags} />],
          ["Length", `${countText(characters)} characters`],
          [
            "Search",
            indexed_at === null ? (
              <span key="search">
                <Badge tone="warn">Not yet</Badge> Its present text is not in the search yet, so bots that
                have it by search do not get its passages.
              </span>
            ) : (
              <span key="search">
                <Badge tone="good">Indexed</Badge> {plural(passages, "passage")}, up to date since{" "}
                <Time at={indexed_at} />
              </span>
            ),
          ],
        ]}
      />
    </Section>
  );
}
