import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, type Schema, take } from "../../../api/client.ts";
import { useLiveQueries } from "../../../api/live.ts";
import { carapaces } from "../../../api/queries.ts";
import { covers, useSession } from "../../../api/session.ts";
import { ApiError, notifyDone } from "../../../parts/api-error.tsx";
import { ConfirmDestructive } from "../../../parts/confirm.tsx";
import { Empty } from "../../../parts/empty.tsx";
import { type Fact, Facts } from "../../../parts/facts.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { Names } from "../../../parts/names.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { Badge } from "../../../parts/status.tsx";
import { plural } from "../../../parts/units.tsx";
import classes from "../channel-page.module.css";
import { activationsOf, type Channel, refreshChannels } from "../queries.ts";

type Offer = Schema<"AvailableIntegration">;

/** The integrations that can be activated in the channel, each with what it brings and what of it would not work. */
export function Activations({ channel }: { channel: Channel }) {
  const { data, error, refetch } = useQuery(activationsOf(channel.id));
  useLiveQueries(["integration"], activationsOf(channel.id).queryKey);
  return (
    <Section title="Activated integrations">
      <p className={classes.lead}>
        An integration that is activated here gives every run in this channel its tools, skills and prompt
        text. Several can be active at once.
      </p>
      {error && <ApiError error={error} onRetry={() => void refetch()} />}
      {data?.length === 0 && (
        <Empty icon="Puzzle" title="No integration can be activated">
          Those whose manifest has <code>activation</code> appear here once they run.
        </Empty>
      )}
      <ul className={classes.cards}>
        {data?.map((offer) => (
          <li key={offer.integration_type}>
            <OfferCard channel={channel} offer={offer} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function OfferCard({ channel, offer }: { channel: Channel; offer: Offer }) {
  const { integration_type: type, activated, is_running, requires_workspace } = offer;
  const isBlocked = requires_workspace && !channel.workspace;
  return (
    <Panel>
      <article aria-label={offer.name} className={classes.offer}>
        <header className={classes.offerHead}>
          <span className={classes.icon}>
            <Icon name={offer.icon ?? "Plug"} size={18} />
          </span>
          <h3 className={classes.offerName}>
            <Link href={`/admin/integrations/${type}`}>{offer.name}</Link>
          </h3>
          {offer.version !== null && <span className="faint">Version {offer.version}</span>}
          {activated && <Badge tone="good">Active here</Badge>}
          {!is_running && <Badge tone="bad">Not running</Badge>}
          <Switching channel={channel} offer={offer} isBlocked={isBlocked} />
        </header>
        {offer.description !== "" && <p className={classes.offerText}>{offer.description}</p>}
        {is_running ? (
          <Brings offer={offer} />
        ) : (
          <p className={classes.offerText}>
            It brings nothing at the moment, because the server does not run it. It counts again as soon as it
            runs.
          </p>
        )}
        {isBlocked && (
          <p className={classes.warning}>
            <Icon name="AlertTriangle" size={15} />
            <span>
              It needs the workspace, which is off in this channel.{" "}
              <Link href={`/channels/${channel.id}?tab=settings`}>Switch it on</Link> first.
            </span>
          </p>
        )}
        {offer.warnings.map(({ feature, bot_id, description }) => (
          <p key={`${feature} ${bot_id}`} className={classes.warning}>
            <Icon name="AlertTriangle" size={15} />
            <span>{description}</span>
          </p>
        ))}
      </article>
    </Panel>
  );
}

function Brings({ offer }: { offer: Offer }) {
  const { data: known = [] } = useQuery(carapaces);
  const { integration_type: type } = offer;
  /** An integration may leave out the beginning of its own ids. */
  const hrefOf = (name: string) => {
    const own = `integrations/${type}/${name}`;
    return `/carapaces/${known.some(({ id }) => id === own) ? own : name}`;
  };
  const facts: (Fact | false)[] = [
    ["Tools", <Names key="tools" of={offer.tools} />],
    ["Carapaces", <Names key="carapaces" of={offer.carapaces} hrefOf={hrefOf} />],
    offer.includes.length > 0 && ["Includes", <Names key="includes" of={offer.includes} />],
    ["Skills", offer.skill_count === 0 ? "None" : plural(offer.skill_count, "skill")],
    ["Prompt text", offer.has_system_prompt ? "Added to the system prompt" : "None"],
    offer.compatible_templates.length > 0 && [
      "Fitting templates",
      <Names key="templates" of={offer.compatible_templates} />,
    ],
  ];
  return <Facts facts={facts} />;
}

function Switching({ channel, offer, isBlocked }: { channel: Channel; offer: Offer; isBlocked: boolean }) {
  const [isLeaving, setLeaving] = useState(false);
  const mayChange = useSession(({ me }) => covers(me?.scopes ?? [], "channels.integrations:write"));
  const { integration_type, name, activated, tools, skill_count } = offer;
  const path = { params: { path: { id: channel.id, integration_id: integration_type } } };
  const activate = useMutation({
    mutationFn: () => take(api.POST("/api/v1/channels/{id}/integrations/{integration_id}/activate", path)),
    onSuccess: ({ warnings }) => {
      const remaining =
        warnings.length === 0 ? "" : ` ${plural(warnings.length, "thing")} will not work yet.`;
      notifyDone(`${name} is active in this channel.${remaining}`);
      void refreshChannels();
    },
  });
  if (!mayChange) return null;
  return (
    <span className={classes.switching}>
      {activated ? (
        <Button variant="default" size="xs" onClick={() => setLeaving(true)}>
          Deactivate …
        </Button>
      ) : (
        <Button size="xs" loading={activate.isPending} disabled={isBlocked} onClick={() => activate.mutate()}>
          Activate {name}
        </Button>
      )}
      {activate.error && <ApiError error={activate.error} />}
      {isLeaving && (
        <ConfirmDestructive
          action={`Deactivate ${name}`}
          title={`Deactivate ${name} in this channel?`}
          onClose={() => setLeaving(false)}
          onConfirm={async () => {
            await api.POST("/api/v1/channels/{id}/integrations/{integration_id}/deactivate", path);
            await refreshChannels();
          }}
        >
          <p>
            Runs in this channel lose what it brings ({plural(tools.length, "tool")},{" "}
            {plural(skill_count, "skill")}), from the next run on. Its webhooks, bindings and settings stay,
            and so do other channels.
          </p>
        </ConfirmDestructive>
      )}
    </span>
  );
}
