// Endpoints that people create for services without an integration: each has an address, a proof, a bot and a prompt.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import { ApiError } from "../../../parts/api-error.tsx";
import { Empty } from "../../../parts/empty.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { Badge } from "../../../parts/status.tsx";
import { plural } from "../../../parts/units.tsx";
import { type IntegrationDetail, pageOf } from "../queries.ts";
import { EndpointView, proofText } from "./endpoint-view.tsx";
import classes from "./endpoints.module.css";
import { ShownSecret } from "./instructions.tsx";
import { BackLink, ChooseSender, NewEndpoint, OTHER } from "./new-endpoint.tsx";
import { publicAddress } from "./public-address.ts";
import { type Endpoint, endpointsAt, MOST_ENDPOINTS, type Place, presetsAt } from "./queries.ts";

export function Endpoints({ integration }: { integration: IntegrationDetail }) {
  const { id, webhook } = integration;
  if (!webhook?.endpoints) return null;
  const urlOf = (path: string) => publicAddress(webhook, path, location.origin);
  return <At place={webhook.endpoints} urlOf={urlOf} home={`${pageOf(id)}?tab=endpoints`} />;
}

interface AtProps {
  place: Place;
  home: string;
  urlOf(path: string): string;
}

function At({ place, home, urlOf }: AtProps) {
  const [params] = useSearchParams();
  const [, navigate] = useLocation();
  const [told, setTold] = useState<string>();
  const list = useQuery(endpointsAt(place));
  const known = useQuery(presetsAt(place));
  const error = list.error ?? known.error;
  if (error) {
    return (
      <ApiError
        error={error}
        onRetry={() => {
          void list.refetch();
          void known.refetch();
        }}
      />
    );
  }
  if (!list.data || !known.data) return null;
  const presetOf = (name: string | null) => known.data.find((preset) => preset.name === name);
  const hrefOf = (name: string) => `${home}&endpoint=${encodeURIComponent(name)}`;
  const [add, selected] = [params.get("add"), params.get("endpoint")];
  const secret = told !== undefined && <ShownSecret secret={told} onClose={() => setTold(undefined)} />;
  if (add !== null) {
    const isChosen = add === OTHER || presetOf(add) !== undefined;
    return (
      <div className={classes.page}>
        <BackLink href={isChosen ? `${home}&add=` : home}>
          {isChosen ? "Another sender" : "All endpoints"}
        </BackLink>
        {isChosen ? (
          <NewEndpoint
            key={add}
            place={place}
            preset={presetOf(add)}
            onDone={(made) => {
              setTold(made.secret);
              navigate(hrefOf(made.name));
            }}
            onCancel={() => navigate(home)}
          />
        ) : (
          <ChooseSender presets={known.data} hrefOf={(name) => `${home}&add=${name}`} />
        )}
      </div>
    );
  }
  const endpoint = list.data.find(({ name }) => name === selected);
  if (endpoint) {
    return (
      <div className={classes.page}>
        <BackLink href={home}>All endpoints</BackLink>
        <EndpointView
          key={endpoint.name}
          place={place}
          endpoint={endpoint}
          preset={presetOf(endpoint.preset)}
          url={urlOf(endpoint.path)}
          homeHref={home}
        />
        {secret}
      </div>
    );
  }
  return (
    <>
      <List endpoints={list.data} addHref={`${home}&add=`} hrefOf={hrefOf} />
      {secret}
    </>
  );
}

interface ListProps {
  endpoints: readonly Endpoint[];
  addHref: string;
  hrefOf(name: string): string;
}

function List({ endpoints, addHref, hrefOf }: ListProps) {
  const create = (
    <Button component={Link} href={addHref} size="xs" leftSection={<Icon name="Plus" size={14} />}>
      New endpoint
    </Button>
  );
  return (
    <div className={classes.page}>
      <p className={classes.lead}>
        An endpoint brings the webhooks of any service to a bot, without code: it has an address, a way in
        which the sender proves itself, and a prompt.
      </p>
      <Section
        title={endpoints.length === 0 ? "Endpoints" : plural(endpoints.length, "endpoint")}
        actions={endpoints.length > 0 && create}
      >
        <Panel flush>
          {endpoints.length === 0 ? (
            <Empty icon="Webhook" title="No endpoint yet" action={create}>
              Alertmanager, Grafana, Sentry, Linear and Stripe need little more than a name.
            </Empty>
          ) : (
            <ul className={classes.list} aria-label="Endpoints">
              {endpoints.map((endpoint) => (
                <Row key={endpoint.name} endpoint={endpoint} href={hrefOf(endpoint.name)} />
              ))}
            </ul>
          )}
        </Panel>
        {endpoints.length === MOST_ENDPOINTS && (
          <p className="faint">Only the first {MOST_ENDPOINTS} are shown.</p>
        )}
      </Section>
    </div>
  );
}

function Row({ endpoint, href }: { endpoint: Endpoint; href: string }) {
  const { name, enabled, secrets, bot_id, verifier } = endpoint;
  return (
    <li>
      <Link href={href} className={classes.row}>
        <span className={classes.names}>
          <strong>{name}</strong>
          <span className="faint">{proofText(verifier)}</span>
        </span>
        <span className={classes.bot} title={`Bot ${bot_id}`}>
          {bot_id}
        </span>
        {!enabled ? (
          <Badge>Off</Badge>
        ) : secrets.length === 0 ? (
          <Badge tone="bad">No secret</Badge>
        ) : (
          <Badge tone="good">On</Badge>
        )}
      </Link>
    </li>
  );
}
