import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import { notifyDone, notifyError } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Badge } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { Duration, plural } from "../../parts/units.tsx";
import { changeServer, type McpServer, mcpServers, placeOf, refreshServers, stateOf } from "./queries.ts";
import { ChangedServer } from "./server-form.tsx";
import { ServerTools } from "./server-tools.tsx";
import { SignInActions, wantsSignIn } from "./sign-in.tsx";

interface ServerDetailProps {
  id: string;
  mayChange: boolean;
  closeHref: string;
}

/** One server: where it is, whether it answers, and which tools it has. */
export function ServerDetail({ id, mayChange, closeHref }: ServerDetailProps) {
  const { data, error, refetch } = useQuery(mcpServers);
  const [isEditing, setEditing] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const server = data?.find((one) => one.id === id);
  if (!server) {
    return (
      <Detail title={id} closeHref={closeHref}>
        <Awaited error={error} onRetry={() => void refetch()} />
        {data && <Empty icon="Wrench" title={`There is no MCP server "${id}"`} />}
      </Detail>
    );
  }
  const [label, tone] = stateOf(server);
  const isStored = server.source === "stored";
  return (
    <Detail
      title={server.name}
      closeHref={closeHref}
      facts={
        <>
          <Badge tone={tone}>{label}</Badge>
          <code>{server.id}</code>
          <span>
            Since <Time at={server.since} />
          </span>
        </>
      }
      actions={
        mayChange &&
        !isEditing && (
          <Actions
            server={server}
            onEdit={() => setEditing(true)}
            onDeleting={setDeleting}
            closeHref={closeHref}
          />
        )
      }
    >
      {isEditing && isStored ? (
        <ChangedServer server={server} onDone={() => setEditing(false)} />
      ) : (
        <>
          {wantsSignIn(server) ? (
            <p role="status">
              It requires a person to sign in at its authorization server. Its tools then act as this person,
              for every bot that has them.
            </p>
          ) : (
            server.error !== null && <p role="status">{server.error}</p>
          )}
          <Section title="Server">
            <ServerFacts server={server} />
          </Section>
          {/* If the server has been deleted, these could not be read; the event may arrive before the answer to the deletion. */}
          {!isDeleting && <ServerTools server={server} />}
        </>
      )}
    </Detail>
  );
}

interface ActionsProps {
  server: McpServer;
  onEdit(): void;
  /** Whether it is being deleted. */
  onDeleting(is: boolean): void;
  closeHref: string;
}

function Actions({ server, onEdit, onDeleting, closeHref }: ActionsProps) {
  const { id, name, is_enabled, source } = server;
  const [, navigate] = useLocation();
  const [isAsking, setAsking] = useState(false);
  const test = useMutation({
    mutationFn: () => take(api.POST("/api/v1/admin/mcp-servers/{id}/test", { params: { path: { id } } })),
    onError: notifyError("It was not tested"),
    onSuccess: ({ ok, error }) => {
      if (ok) notifyDone(`${name} answered with its tools.`);
      else notifyError(`${name} did not answer`)(new Error(error ?? "It does not say why."));
    },
    onSettled: refreshServers,
  });
  const toggle = useMutation({
    mutationFn: () => changeServer(id, { is_enabled: !is_enabled }),
    onError: notifyError("It was not changed"),
  });
  return (
    <>
      {is_enabled && <SignInActions server={server} />}
      {is_enabled && (
        <Button size="xs" variant="default" loading={test.isPending} onClick={() => test.mutate()}>
          Test it
        </Button>
      )}
      {source === "stored" && (
        <>
          <Button size="xs" variant="default" onClick={onEdit}>
            Change
          </Button>
          <Button size="xs" variant="default" loading={toggle.isPending} onClick={() => toggle.mutate()}>
            {is_enabled ? "Disable" : "Enable"}
          </Button>
          <Button size="xs" variant="default" onClick={() => setAsking(true)}>
            Delete …
          </Button>
        </>
      )}
      {isAsking && (
        <ConfirmDestructive
          action="Delete the server"
          title={`Delete ${name}?`}
          onClose={() => setAsking(false)}
          onBusy={onDeleting}
          onConfirm={async () => {
            await api.DELETE("/api/v1/admin/mcp-servers/{id}", { params: { path: { id } } });
            // Its tools cannot be read any more.
            await queryClient.invalidateQueries({ queryKey: mcpServers.queryKey });
            notifyDone(`${name} was deleted.`);
            navigate(closeHref);
          }}
        >
          <p>
            Its credentials are deleted, {server.transport === "stdio" && "its program ends, "}and bots that
            name <code>mcp:{id}</code> have {plural(server.tool_count, "tool")} less.
          </p>
        </ConfirmDestructive>
      )}
      {test.data?.ok && (
        <span className="faint">
          Answered in <Duration ms={test.data.duration_ms} />
        </span>
      )}
    </>
  );
}

function ServerFacts({ server }: { server: McpServer }) {
  const secrets = Object.keys({ ...server.headers, ...server.env });
  const isHttp = server.transport === "http";
  return (
    <Facts
      facts={[
        [isHttp ? "Address" : "Command", <code key="place">{placeOf(server)}</code>],
        ["How it is reached", isHttp ? "Streamable HTTP" : "A program on Heddle's machine"],
        secrets.length > 0 && [
          isHttp ? "Headers" : "Variables",
          <code key="secrets">{secrets.join(", ")}</code>,
        ],
        server.oauth !== null && ["OAuth client", `${server.oauth.client_id} of ${server.oauth.issuer}`],
        server.signed_in !== null && ["Signed in", <SignedIn key="by" signedIn={server.signed_in} />],
        server.server !== null && ["Says it is", `${server.server.name} ${server.server.version}`],
        server.protocol_version !== null && ["Protocol", server.protocol_version],
        ["Longest call", <Duration key="limit" ms={server.timeout_seconds * 1000} />],
        isHttp && ["Private addresses", server.allow_private ? "Allowed" : "Not allowed"],
        [
          "What it says of its tools",
          server.trust_annotations ? "Trusted" : "Counts only where it makes Heddle more careful",
        ],
        server.listed_at !== null && ["Listed its tools", <Time key="listed" at={server.listed_at} />],
        server.source === "file" && ["From", "mcp.yaml in Heddle's home; change it there"],
      ]}
    />
  );
}

function SignedIn({ signedIn }: { signedIn: NonNullable<McpServer["signed_in"]> }) {
  const { by, at, issuer, scope, expires_at, is_renewed } = signedIn;
  return (
    <>
      {by} at <code>{issuer}</code>, <Time at={at} />
      {scope !== null && (
        <>
          {" "}
          for <code>{scope}</code>
        </>
      )}
      {!is_renewed && expires_at !== null && (
        <>
          , until <Time at={expires_at} />
        </>
      )}
    </>
  );
}
