// The client that was registered by hand at a server's authorization server, in the form of the server. Its secret is never shown.

import { PasswordInput, SegmentedControl, Switch, TextInput } from "@mantine/core";
import type { Schema } from "../../api/client.ts";
import type { Wrong } from "../../parts/wrong-field.ts";
import type { McpServer } from "./queries.ts";

type Grant = NonNullable<McpServer["oauth"]>["grant"];

export interface ClientFields {
  grant: Grant;
  issuer: string;
  clientId: string;
  /** Empty: the stored one, if nothing else has changed. */
  secret: string;
  scope: string;
  hasSecret: boolean;
}

const EMPTY: ClientFields = {
  ...{ grant: "authorization_code", issuer: "", clientId: "", secret: "", scope: "", hasSecret: false },
};

export const clientFieldsOf = ({ oauth }: McpServer): ClientFields | null =>
  oauth && {
    ...{ grant: oauth.grant, issuer: oauth.issuer, clientId: oauth.client_id, secret: "" },
    ...{ scope: oauth.scope ?? "", hasSecret: oauth.client_secret !== null },
  };

export const clientOf = ({
  grant,
  issuer,
  clientId,
  secret,
  scope,
}: ClientFields): Schema<"McpOAuthClient"> => ({
  ...{ grant, issuer: issuer.trim(), client_id: clientId.trim() },
  ...(secret !== "" && { client_secret: secret }),
  ...(scope.trim() !== "" && { scope: scope.trim() }),
});

/** What is sent of it: nothing if it is as it was. */
export function changedClient(
  server: McpServer,
  client: ClientFields | null,
): Schema<"McpServerChange"> | object {
  if (server.transport !== "http") return {};
  const before = clientFieldsOf(server);
  if (JSON.stringify(before) === JSON.stringify(client)) return {};
  return { oauth: client && clientOf(client) };
}

interface OAuthClientProps {
  client: ClientFields | null;
  /** What is stored; null: there is none. */
  stored: ClientFields | null;
  set(client: ClientFields | null): void;
  wrong: Wrong;
}

export function OAuthClient({ client, stored, set, wrong }: OAuthClientProps) {
  const hadSecret = stored?.hasSecret === true;
  const isKept = hadSecret && JSON.stringify(stored) === JSON.stringify(client);
  return (
    <>
      <Switch
        label="It has an OAuth client that was registered by hand"
        description="Otherwise Heddle introduces itself when a person signs in"
        checked={client !== null}
        onChange={({ currentTarget }) => set(currentTarget.checked ? (stored ?? EMPTY) : null)}
      />
      {client !== null && (
        <>
          <SegmentedControl
            aria-label="How Heddle gets tokens"
            data={[
              { value: "authorization_code", label: "A person signs in" },
              { value: "client_credentials", label: "By itself" },
            ]}
            value={client.grant}
            onChange={(grant) => set({ ...client, grant: grant as Grant })}
          />
          <TextInput
            label="Authorization server"
            description="Its issuer. The secret is sent to no other"
            placeholder="https://auth.example"
            required
            value={client.issuer}
            error={wrong("oauth.issuer")}
            onChange={({ currentTarget }) => set({ ...client, issuer: currentTarget.value })}
          />
          <TextInput
            label="Client id"
            required
            value={client.clientId}
            error={wrong("oauth.client_id")}
            onChange={({ currentTarget }) => set({ ...client, clientId: currentTarget.value })}
          />
          <PasswordInput
            label="Client secret"
            description={
              hadSecret
                ? "Stored, and not shown. It must be given again when anything of the client changes"
                : "Stored encrypted, and not shown again"
            }
            autoComplete="off"
            required={!isKept && (hadSecret || client.grant === "client_credentials")}
            value={client.secret}
            error={wrong("oauth.client_secret")}
            onChange={({ currentTarget }) => set({ ...client, secret: currentTarget.value })}
          />
          <TextInput
            label="Scope"
            description="What is asked for. Empty: what the server asks for"
            value={client.scope}
            error={wrong("oauth.scope")}
            onChange={({ currentTarget }) => set({ ...client, scope: currentTarget.value })}
          />
        </>
      )}
    </>
  );
}
