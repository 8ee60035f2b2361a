import { useQuery } from "@tanstack/react-query";
import { channelsWith } from "../../api/channels-with.ts";
import { api, take } from "../../api/client.ts";
import { covers, useSession } from "../../api/session.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { ContentFile } from "../../parts/content-file.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Facts } from "../../parts/facts.tsx";
import { FileOrigin, originWords } from "../../parts/file-origin.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Markdown } from "../../parts/markdown.tsx";
import { Names } from "../../parts/names.tsx";
import { Panel, Section } from "../../parts/page-frame.tsx";
import { ShortList } from "../../parts/short-list.tsx";
import { Badge } from "../../parts/status.tsx";
import { Fit } from "./fit.tsx";

/** One template: what it fits, which channels have it, and its text. */
export function TemplateDetail({ id, closeHref }: { id: string; closeHref: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["templates", "one", id],
    queryFn: () => take(api.GET("/api/v1/templates/{id}", { params: { path: { id } } })),
  });
  if (!data) {
    return (
      <Detail title="Template" closeHref={closeHref}>
        <Awaited error={error} onRetry={() => void refetch()} />
      </Detail>
    );
  }
  const tags = data.tags.filter((tag) => !tag.startsWith("integration:"));
  return (
    <Detail
      title={data.name}
      closeHref={closeHref}
      facts={
        <>
          <code>{data.id}</code>
          <Badge>{originWords(data)}</Badge>
          {data.version !== null && <span>Version {data.version}</span>}
        </>
      }
    >
      <ContentFile kind="templates" item={data} />
      {data.description !== "" && <p>{data.description}</p>}
      <Fit template={data} />
      <Channels id={id} />
      <Section title="Where it comes from">
        <Facts
          facts={[
            ["File", <FileOrigin key="file" {...data} />],
            ["Category", data.category.replaceAll("_", " ")],
            tags.length > 0 && ["Tags", <Names key="tags" of={tags} />],
          ]}
        />
      </Section>
      <Section title="Text">
        <Markdown text={data.text} />
      </Section>
    </Detail>
  );
}

function Channels({ id }: { id: string }) {
  const maySee = useSession(({ me }) => covers(me?.scopes ?? [], "channels:read"));
  const { data, error } = useQuery({ ...channelsWith({ template_id: id }), enabled: maySee });
  if (!maySee) return null;
  return (
    <Section title="Channels with it">
      {error && <ApiError error={error} />}
      {data && (
        <Panel flush>
          <ShortList
            none="No channel has it. It is chosen on the page of a channel, under Capabilities."
            rows={data.map((one) => ({
              key: one.id,
              href: `/channels/${one.id}?tab=capabilities`,
              lead: <Icon name="Hash" size={15} />,
              title: one.display_name,
              end: one.bot_id ?? "",
            }))}
          />
        </Panel>
      )}
    </Section>
  );
}
