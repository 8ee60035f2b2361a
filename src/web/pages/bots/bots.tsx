// The bots, and one of them below the list's address.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation, useRoute } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { bots } from "../../api/queries.ts";
import { covers, useSession } from "../../api/session.ts";
import { staticRows } from "../../api/static-rows.ts";
import { notifyDone } from "../../parts/api-error.tsx";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Icon } from "../../parts/icon.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { SchemaHelp } from "../../parts/schema-help.tsx";
import { Split } from "../../parts/split.tsx";
import { Time } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { YamlEditor } from "../../parts/yaml-editor.tsx";
import { BotPage } from "./bot-page.tsx";
import { refreshBots } from "./queries.ts";

const FILTERS = ["add"] as const;
const COLUMNS = [
  { label: "Model", width: "minmax(0, 220px)" },
  { label: "Tools", width: "120px" },
];

export function View() {
  const [, params] = useRoute("/bots/:id");
  return params?.id ? <BotPage key={params.id} id={params.id} /> : <Bots />;
}

function Bots() {
  const found = useQuery({ ...bots, staleTime: 0 });
  const isAdding = useFilters(FILTERS).values.add !== undefined;
  const mayCreate = useSession(({ me }) => covers(me?.scopes ?? [], "bots:write"));
  const add = mayCreate && (
    <Button component={Link} href="/bots?add=1" size="xs" leftSection={<Icon name="Plus" size={14} />}>
      New bot
    </Button>
  );
  return (
    <PageFrame
      title="Bots"
      about="Who answers: each with a prompt, a model, and what it knows and may do."
      fill
      actions={add}
    >
      <Split
        name="bots"
        main={
          <DataList
            what="bot"
            rows={staticRows(found)}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => `/bots/${id}`}
            row={rowOf}
            columns={COLUMNS}
            empty={<Empty icon="Bot" title="No bot" action={add} />}
          />
        }
        detail={
          isAdding &&
          mayCreate && (
            <Detail isNew title="A new bot" closeHref="/bots">
              <NewBot />
            </Detail>
          )
        }
      />
    </PageFrame>
  );
}

const rowOf = (bot: Schema<"Bot">): RowParts => ({
  lead: <Icon name="Bot" size={17} />,
  title: bot.name,
  sub: bot.description === "" ? bot.id : `${bot.id} · ${bot.description}`,
  cells: [bot.model ?? "The server's default", plural(bot.tools.length, "tool")],
  end: <Time at={bot.updated_at} />,
});

const EXAMPLE = {
  id: "helper",
  name: "Helper",
  description: "",
  system_prompt: "You answer in one sentence.\n",
  model: null,
  tools: ["search_documents"],
  skills: [],
  carapaces: [],
};

function NewBot() {
  const [, navigate] = useLocation();
  return (
    <>
      <YamlEditor
        what="bot"
        value={EXAMPLE}
        onCancel={() => navigate("/bots")}
        onSave={async (value) => {
          const made = await take(api.POST("/api/v1/bots", { body: value as Schema<"NewBot"> }));
          notifyDone([`${made.name} can answer now.`, ...made.warnings].join(" "));
          await refreshBots();
          navigate(`/bots/${made.id}`);
        }}
      />
      <SchemaHelp name="NewBot" />
    </>
  );
}
