// What the server is: version, place, database, how much is in it, and the licences of what ships with it.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, take } from "../../api/client.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { CodeBlock } from "../../parts/code-block.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { durationText } from "../../parts/duration-text.ts";
import { Facts } from "../../parts/facts.tsx";
import { PageFrame, Panel, Section } from "../../parts/page-frame.tsx";
import { Stat, StatRow } from "../../parts/stat.tsx";
import { Time, useNow } from "../../parts/time.tsx";
import { Bytes, countText } from "../../parts/units.tsx";
import classes from "./about.module.css";

type About = Schema<"About">;

export function View() {
  const { data, error, refetch } = useQuery({
    queryKey: ["about"],
    queryFn: () => take(api.GET("/api/v1/about")),
  });
  return (
    <PageFrame
      title="About"
      about="What this server is, and what it holds."
      actions={data && <CopyButton text={() => JSON.stringify(data, null, 2)} what="all of it" labelled />}
    >
      {!data && <Awaited error={error} onRetry={() => void refetch()} />}
      {data && (
        <div className={classes.page}>
          <Section title="What it holds">
            <Panel>
              <StatRow dense>
                {Object.entries(data.counts).map(([name, count]) => (
                  <Stat
                    key={name}
                    label={name.slice(0, 1).toUpperCase() + name.slice(1)}
                    value={count < MOST_COUNTED ? countText(count) : `${countText(MOST_COUNTED)} or more`}
                  />
                ))}
              </StatRow>
            </Panel>
          </Section>
          <Section title="Server">
            <Panel>
              <ServerFacts about={data} />
            </Panel>
          </Section>
          <Section title="Database">
            <Panel>
              <Facts
                facts={[
                  [
                    "Kind",
                    data.database.kind === "embedded" ? "Embedded in the server" : "PostgreSQL server",
                  ],
                  ["Version", `PostgreSQL ${data.database.version}`],
                  ["Size on disk", <Bytes key="size" value={data.database.size_bytes} />],
                ]}
              />
            </Panel>
          </Section>
          <Section title="Licences">
            <Panel>
              <p className={classes.license}>
                Heddle has the licence {data.license}. What ships with it has its own.
              </p>
              <Licenses />
            </Panel>
          </Section>
        </div>
      )}
    </PageFrame>
  );
}

/** The API counts no further. */
const MOST_COUNTED = 1_000_000;

function ServerFacts({ about }: { about: About }) {
  const now = useNow();
  return (
    <Facts
      facts={[
        ["Version", about.version],
        ["Commit", about.commit === null ? "Runs from source" : <code key="commit">{about.commit}</code>],
        ["Platform", about.platform],
        [
          "Running for",
          <span key="up">
            {durationText(Math.max(0, now - Date.parse(about.started_at)))}, since{" "}
            <Time at={about.started_at} as="absolute" />
          </span>,
        ],
        ["Home", <code key="home">{about.home}</code>],
        [
          "Public address",
          about.base_url === null ? "BASE_URL is not set" : <code key="url">{about.base_url}</code>,
        ],
        ["Default model", about.model ?? "None: a stand-in answers by quoting your documents"],
      ]}
    />
  );
}

/** Read when it is asked for: the text is long. */
function Licenses() {
  const [isOpen, setOpen] = useState(false);
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ["licenses"],
    queryFn: () => take(api.GET("/api/v1/about/licenses", { parseAs: "text" })),
    enabled: isOpen,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error) return <ApiError error={error} onRetry={() => void refetch()} />;
  if (data !== undefined) return <CodeBlock text={data} what="licences" wrap />;
  return (
    <Button size="xs" variant="default" loading={isFetching} onClick={() => setOpen(true)}>
      Show the licences
    </Button>
  );
}
