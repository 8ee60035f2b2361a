// Accounts at services in which a person signs Heddle in for an integration: the button that leads there, and what is known.

import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { covers, useSession } from "../../api/session.ts";
import { ApiError, notifyDone, notifyError } from "../../parts/api-error.tsx";
import { CodeBlock } from "../../parts/code-block.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { Panel, Section } from "../../parts/page-frame.tsx";
import { Badge } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import classes from "./accounts.module.css";
import { accountsOf, type Integration, refreshIntegrations } from "./queries.ts";

type Account = Schema<"IntegrationAccount">;
type Of = Pick<Integration, "id" | "name" | "has_accounts">;

/** A section of the integration's page; nothing for one that uses no account. */
export function AccountsSection({ integration }: { integration: Of }) {
  const { data } = useQuery({ ...accountsOf(integration.id), enabled: integration.has_accounts });
  if (!data?.some(isShown)) return null;
  return (
    <Section title="Sign-in">
      <Panel>
        <Accounts integration={integration} />
      </Panel>
    </Section>
  );
}

export function Accounts({ integration }: { integration: Of }) {
  const { data, error, refetch } = useQuery(accountsOf(integration.id));
  if (error) return <ApiError error={error} onRetry={() => void refetch()} />;
  return data
    ?.filter(isShown)
    .map((account) => <OneAccount key={account.name} account={account} integration={integration} />);
}

/** An account that the settings do not use matters only as long as Heddle is signed in there. */
const isShown = ({ is_wanted, signed_in }: Account): boolean => is_wanted || signed_in !== null;

function OneAccount({ account, integration }: { account: Account; integration: Of }) {
  const { title, signed_in, is_wanted, missing_settings, problem, redirect_uri } = account;
  const mayChange = useSession(({ me }) => covers(me?.scopes ?? [], "admin"));
  return (
    <div className={classes.account}>
      <p className={classes.line}>
        <strong>{title}</strong>{" "}
        <Badge tone={signed_in ? "good" : is_wanted ? "warn" : undefined}>
          {signed_in ? "Signed in" : is_wanted ? "Nobody is signed in" : "Not used"}
        </Badge>
      </p>
      {signed_in ? (
        <p className="faint">
          {signed_in.by} signed in <Time at={signed_in.at} />
          {!signed_in.is_renewed && signed_in.expires_at !== null && (
            <>
              , until <Time at={signed_in.expires_at} />
            </>
          )}
        </p>
      ) : (
        !is_wanted &&
        missing_settings.length === 0 && (
          <p className="faint">
            With its settings as they are, {integration.name} does not use this account.
          </p>
        )
      )}
      {problem !== null && <p role="status">{problem}</p>}
      {missing_settings.length > 0 && (
        <p>
          First set <code>{missing_settings.join(", ")}</code>.
        </p>
      )}
      {redirect_uri === null ? (
        <p>
          First <Link href="/settings?q=BASE_URL">set the server's public address</Link>: {title} sends people
          back there.
        </p>
      ) : (
        !signed_in && (
          <>
            <p className="faint">Where {title} asks for a redirect address, enter this one.</p>
            <CodeBlock text={redirect_uri} what="redirect address" wrap />
          </>
        )
      )}
      {mayChange && <AccountActions account={account} integration={integration} />}
    </div>
  );
}

function AccountActions({ account, integration }: { account: Account; integration: Of }) {
  const { name, title, signed_in, missing_settings, redirect_uri } = account;
  const [isLeaving, setLeaving] = useState(false);
  const params = { path: { id: integration.id, name } };
  const begin = useMutation({
    mutationFn: () => take(api.POST("/api/v1/admin/integrations/{id}/accounts/{name}/sign-in", { params })),
    onError: notifyError("Signing in did not begin"),
    // The service's page replaces this one, and sends the browser back.
    onSuccess: ({ url }) => location.assign(url),
  });
  return (
    <div className={classes.actions}>
      <Button
        size="xs"
        variant={signed_in ? "default" : "filled"}
        disabled={missing_settings.length > 0 || redirect_uri === null}
        loading={begin.isPending || begin.isSuccess}
        onClick={() => begin.mutate()}
      >
        {signed_in ? "Sign in again" : `Sign in at ${title}`}
      </Button>
      {signed_in && (
        <Button size="xs" variant="default" onClick={() => setLeaving(true)}>
          Sign out …
        </Button>
      )}
      {isLeaving && (
        <ConfirmDestructive
          action="Sign out"
          title={`Sign out at ${title}?`}
          onClose={() => setLeaving(false)}
          onConfirm={async () => {
            await api.DELETE("/api/v1/admin/integrations/{id}/accounts/{name}/sign-in", { params });
            await refreshIntegrations();
            notifyDone(`Heddle has signed out at ${title}.`);
          }}
        >
          <p>
            Heddle forgets its tokens, and {integration.name} can do nothing there until somebody signs in
            again.
          </p>
        </ConfirmDestructive>
      )}
    </div>
  );
}
