import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api } from "../../api/client.ts";
import { useSession } from "../../api/session.ts";
import { notifyDone } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Time } from "../../parts/time.tsx";
import { KeyState } from "./key-state.tsx";
import { type ApiKey, keyOf, refreshKeys } from "./queries.ts";
import { ScopeList } from "./scope-list.tsx";

interface KeyDetailProps {
  id: string;
  mayWrite: boolean;
  closeHref: string;
}

/** One key: what it may do, since when and for how long. The key itself cannot be read again. */
export function KeyDetail({ id, mayWrite, closeHref }: KeyDetailProps) {
  const { data, error, refetch } = useQuery(keyOf(id));
  const [isRevoking, setRevoking] = useState(false);
  if (!data) {
    return (
      <Detail title="API key" closeHref={closeHref}>
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
          <KeyState value={data} />
          <code>{data.prefix} …</code>
        </>
      }
      actions={
        mayWrite && (
          <>
            <Button component={Link} href={`/api-keys?add=1&like=${data.id}`} size="xs" variant="default">
              Create one like it
            </Button>
            {data.revoked_at === null && (
              <Button size="xs" variant="default" onClick={() => setRevoking(true)}>
                Revoke …
              </Button>
            )}
          </>
        )
      }
    >
      <Section title="What it may do">
        <ScopeList scopes={data.scopes} />
      </Section>
      <Section title="About it">
        <KeyFacts value={data} />
      </Section>
      {isRevoking && <Revoke value={data} onClose={() => setRevoking(false)} />}
    </Detail>
  );
}

function KeyFacts({ value }: { value: ApiKey }) {
  return (
    <Facts
      facts={[
        [
          "Reaches",
          value.rows === "all"
            ? "Everyone's channels, sessions, runs and documents"
            : "Only the channels, sessions, runs and documents that it has created",
        ],
        value.owner !== null && ["Belongs to", value.owner.replace(":", " ")],
        [
          "Created",
          <span key="created">
            <Time at={value.created_at} as="absolute" />
            {value.parent_id !== null && (
              <>
                {" "}
                with <Link href={`/api-keys/${value.parent_id}`}>another key</Link>
              </>
            )}
          </span>,
        ],
        ["Last used", <Time key="used" at={value.last_used_at} />],
        ["Ends", <Time key="ends" at={value.expires_at} as="absolute" none="Never" />],
        value.revoked_at !== null && ["Revoked", <Time key="revoked" at={value.revoked_at} as="absolute" />],
      ]}
    />
  );
}

function Revoke({ value: { id, name }, onClose }: { value: ApiKey; onClose(): void }) {
  const isOwn = useSession(({ me }) => me?.api_key_id === id);
  return (
    <ConfirmDestructive
      action="Revoke the key"
      title={`Revoke ${name}?`}
      onClose={onClose}
      onConfirm={async () => {
        await api.DELETE("/api/v1/api-keys/{id}", { params: { path: { id } } });
        notifyDone(`${name} was revoked.`);
        await refreshKeys();
      }}
    >
      <p>
        Whatever uses it is refused at once, and so is every key that it has created. Browsers that signed in
        with it are signed out. This cannot be undone.
      </p>
      {isOwn && <p>You are signed in with this key yourself.</p>}
    </ConfirmDestructive>
  );
}
