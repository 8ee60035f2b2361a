import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { covers, useSession } from "../../api/session.ts";
import { notifyDone } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Icon } from "../../parts/icon.tsx";
import { PageFrame, Panel } from "../../parts/page-frame.tsx";
import { SchemaHelp } from "../../parts/schema-help.tsx";
import { plural } from "../../parts/units.tsx";
import { bodyOfText, isObject, useEdited } from "../../parts/use-edited.tsx";
import { YamlEditor } from "../../parts/yaml-editor.tsx";
import { BotActivity } from "./bot-activity.tsx";
import { BotFacts } from "./bot-facts.tsx";
import classes from "./bots.module.css";
import { type Bot, bot, channelsOf, forgetBot, refreshBots } from "./queries.ts";

/** Everything about one bot: what it is made of, and what it did and knows last. */
export function BotPage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(bot(id));
  const [isEditing, setEditing] = useState(false);
  if (!data) {
    return (
      <PageFrame title="Bot">
        <Awaited error={error} onRetry={() => void refetch()} />
        {error && (
          <Button component={Link} href="/bots" variant="default" size="xs" mt="md">
            All bots
          </Button>
        )}
      </PageFrame>
    );
  }
  return (
    <PageFrame
      title={data.name}
      about={
        <span className={classes.about}>
          <code>{data.id}</code> <CopyButton text={data.id} what="id" />
          {data.description !== "" && <span>{data.description}</span>}
        </span>
      }
      actions={!isEditing && <Actions bot={data} onEdit={() => setEditing(true)} />}
    >
      {isEditing ? (
        <Panel>
          <Editing bot={data} onDone={() => setEditing(false)} />
        </Panel>
      ) : (
        <div className={classes.columns}>
          <div>
            <BotFacts bot={data} />
          </div>
          <div>
            <BotActivity bot={data} />
          </div>
        </div>
      )}
    </PageFrame>
  );
}

/** The value of a field that was removed from the text. */
const UNSET = {
  description: "",
  icon_emoji: null,
  icon_url: null,
  system_prompt: "",
  model: null,
  fallback_models: [],
  tools: [],
  skills: [],
  carapaces: [],
  delegate_bots: [],
  max_iterations: null,
  tool_retrieval: true,
  max_tools: null,
} satisfies Omit<Required<Schema<"BotChange">>, "name">;

function fieldsOf(bot: Bot): Required<Schema<"BotChange">> {
  const { name, description, icon_emoji, icon_url, system_prompt, model, fallback_models, tools } = bot;
  const { skills, carapaces, delegate_bots, max_iterations, tool_retrieval, max_tools } = bot;
  const texts = { name, description, icon_emoji, icon_url, system_prompt };
  const has = { model, fallback_models, tools, skills, carapaces, delegate_bots };
  return { ...texts, ...has, max_iterations, tool_retrieval, max_tools };
}

function Editing({ bot: current, onDone }: { bot: Bot; onDone(): void }) {
  const path = { id: current.id };
  const edited = useEdited({
    one: current,
    fieldsOf,
    read: () => take(api.GET("/api/v1/bots/{id}", { params: { path } })),
  });
  const save = async (value: unknown) => {
    const fields = (isObject(value) ? { ...UNSET, ...value } : value) as Required<Schema<"BotChange">>;
    const stored = await edited.save(fields, async (changed, { header }) => {
      const body = bodyOfText(value, changed);
      if (body === undefined) return { warnings: [] };
      return take(api.PATCH("/api/v1/bots/{id}", { params: { path, header }, body }));
    });
    await refreshBots();
    onDone();
    notifyDone(["Stored. It applies from the next run on.", ...stored.warnings].join(" "));
  };
  return (
    <>
      <YamlEditor
        what="bot"
        value={fieldsOf(current)}
        onSave={save}
        notice={({ onKeep, mine, replace }) =>
          edited.notice({
            onKeep,
            mine: () => ({ ...UNSET, ...mine() }),
            onTake: (theirs, kept) => replace({ ...fieldsOf(theirs), ...kept }),
          })
        }
        onCancel={onDone}
      />
      <SchemaHelp name="BotChange" />
    </>
  );
}

function Actions({ bot: { id, name, source }, onEdit }: { bot: Bot; onEdit(): void }) {
  const [, navigate] = useLocation();
  const [isDeleting, setDeleting] = useState(false);
  const mayChange = useSession(({ me }) => covers(me?.scopes ?? [], "bots:write"));
  const mayChat = useSession(({ me }) => covers(me?.scopes ?? [], "chat:write"));
  const { data: channels } = useQuery({ ...channelsOf(id), enabled: isDeleting });
  const chat = mayChat && (
    <Button
      component={Link}
      href={`/chat/new?bot_id=${id}`}
      size="xs"
      leftSection={<Icon name="MessageSquare" size={14} />}
    >
      Chat
    </Button>
  );
  if (!mayChange) return chat;
  return (
    <>
      {chat}
      <Button variant="default" size="xs" leftSection={<Icon name="Pencil" size={14} />} onClick={onEdit}>
        Edit
      </Button>
      {/* The default bot answers wherever no other is named, so it stays. */}
      {id !== "default" && (
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="Trash2" size={14} />}
          onClick={() => setDeleting(true)}
        >
          Delete …
        </Button>
      )}
      {isDeleting && (
        <ConfirmDestructive
          action="Delete the bot"
          title={`Delete ${name}?`}
          onClose={() => setDeleting(false)}
          onConfirm={async () => {
            await api.DELETE("/api/v1/bots/{id}", { params: { path: { id } } });
            navigate("/bots");
            await forgetBot(id);
          }}
        >
          <p>
            Its prompt and settings are deleted
            {source === "file" && ", and its file does not add it again"}. Sessions, runs and memories of it
            stay.{" "}
            {channels === undefined || channels.length === 0
              ? "It is the bot of no channel."
              : `It is the bot of ${plural(channels.length, "channel")}${channels.length === 100 ? " or more" : ""}, where runs fail until another is chosen: ${channels
                  .slice(0, 5)
                  .map(({ display_name }) => display_name)
                  .join(", ")}.`}
          </p>
        </ConfirmDestructive>
      )}
    </>
  );
}
