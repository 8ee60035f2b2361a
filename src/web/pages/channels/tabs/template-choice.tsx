import { Select } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, type Schema, take } from "../../../api/client.ts";
import { templates } from "../../../api/queries.ts";
import { covers, useSession } from "../../../api/session.ts";
import { ApiError, notifyDone } from "../../../parts/api-error.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { Badge } from "../../../parts/status.tsx";
import { useEdited } from "../../../parts/use-edited.tsx";
import { wrongIn } from "../../../parts/wrong-field.ts";
import classes from "../channel-page.module.css";
import { activationsOf, type Channel, refreshChannels } from "../queries.ts";

type Template = Schema<"Template">;

/** The channel's template: those that fit what is activated come first, and why another may not fit is said. */
export function TemplateChoice({ channel }: { channel: Channel }) {
  const { data: all = [], error } = useQuery(templates);
  const { data: offers = [] } = useQuery(activationsOf(channel.id));
  const mayChange = useSession(({ me }) => covers(me?.scopes ?? [], "channels.config:write"));
  const active = offers.filter(({ activated }) => activated).map(({ integration_type }) => integration_type);
  const [wanted, setWanted] = useState<string | null>();
  const path = { id: channel.id };
  const edited = useEdited<Channel, { template_id: string | null }>({
    one: channel,
    fieldsOf: ({ template_id }) => ({ template_id }),
    read: () => take(api.GET("/api/v1/channels/{id}", { params: { path } })),
    isBegun: wanted !== undefined,
  });
  const change = useMutation({
    mutationFn: (template_id: string | null) =>
      edited.save({ template_id }, (_, { header }) =>
        take(api.PATCH("/api/v1/channels/{id}", { params: { path, header }, body: { template_id } })),
      ),
    onSuccess: ({ template_id }) => {
      setWanted(undefined);
      notifyDone(
        template_id === null ? "The channel has no template now." : `Its template is ${template_id}.`,
      );
      void refreshChannels();
    },
  });
  const fits = (template: Template) => template.compatible_with.some((id) => active.includes(id));
  const option = ({ id, name }: Template) => ({ value: id, label: `${name} (${id})` });
  const current = all.find(({ id }) => id === channel.template_id);
  const data = [
    { group: "Fits what is active here", items: all.filter(fits).map(option) },
    { group: "Others", items: all.filter((one) => !fits(one)).map(option) },
  ].filter(({ items }) => items.length > 0);
  return (
    <Section title="Template">
      <Panel>
        <p className={classes.apart}>
          Tells every run in this channel how the work is organised.{" "}
          <Link href="/templates">Read the templates</Link>
        </p>
        <Select
          label="The channel's template"
          placeholder="None"
          data={data}
          error={wrongIn(change.error)("template_id")}
          value={wanted === undefined ? channel.template_id : wanted}
          onChange={(id) => {
            setWanted(id);
            change.mutate(id);
          }}
          disabled={!mayChange || change.isPending}
          clearable
          clearButtonProps={{ "aria-label": "No template" }}
          maw={420}
        />
        {current && <Compatibility template={current} active={active} />}
        {channel.template_id !== null && all.length > 0 && !current && (
          <p className={classes.note}>
            <Badge tone="warn">Missing</Badge> There is no template "{channel.template_id}" now. It counts
            again as soon as its file or its integration is back.
          </p>
        )}
        {error && <ApiError error={error} />}
        {edited.notice({
          onKeep: () => wanted !== undefined && change.mutate(wanted),
          mine: () => ({}),
          onTake: () => {
            setWanted(undefined);
            change.reset();
            void refreshChannels();
          },
        }) ??
          (change.error && <ApiError error={change.error} />)}
      </Panel>
    </Section>
  );
}

function Compatibility({ template, active }: { template: Template; active: string[] }) {
  const made = template.tags.flatMap((tag) => (tag.startsWith("integration:") ? [tag.slice(12)] : []));
  const fitting = template.compatible_with.filter((id) => active.includes(id));
  const outdated = active.filter((id) => id in template.min_versions && !fitting.includes(id));
  return (
    <p className={classes.note}>
      {fitting.length > 0 && <Badge tone="good">Fits {fitting.join(", ")}</Badge>}
      {outdated.map((id) => (
        <Badge key={id} tone="bad">
          Needs {id} {template.min_versions[id]} or newer
        </Badge>
      ))}
      {fitting.length === 0 && outdated.length === 0 && (
        <span>
          {made.length > 0
            ? `It is made for ${made.join(", ")}, which is not active here.`
            : "It is made for no integration in particular."}
        </span>
      )}{" "}
      <Link href={`/templates/${template.id}`}>Read it</Link>
    </p>
  );
}
