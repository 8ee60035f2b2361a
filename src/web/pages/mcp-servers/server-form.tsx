import { SegmentedControl, Switch, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, take } from "../../api/client.ts";
import { notifyDone } from "../../parts/api-error.tsx";
import { Form } from "../../parts/form.tsx";
import { changedLines } from "../../parts/named-lines.ts";
import { NumberField } from "../../parts/number-field.tsx";
import { SecretLines } from "../../parts/secret-lines.tsx";
import { useEdited } from "../../parts/use-edited.tsx";
import { type Wrong, wrongIn } from "../../parts/wrong-field.ts";
import { type ClientFields, changedClient, clientFieldsOf, clientOf, OAuthClient } from "./oauth-client.tsx";
import { changeServer, type McpServer, readServer, refreshServers } from "./queries.ts";

interface Fields {
  id: string;
  name: string;
  transport: McpServer["transport"];
  url: string;
  command: string;
  /** One a line. */
  args: string;
  /** Headers or variables, one a line: NAME: value. Empty: they stay as they are. */
  secrets: string;
  /** Whether the stored ones are removed. */
  removes: boolean;
  timeout: number;
  allowPrivate: boolean;
  trusts: boolean;
  /** Null: there is none. */
  client: ClientFields | null;
}

const EMPTY: Fields = {
  ...{ id: "", name: "", transport: "http", url: "", command: "", args: "", secrets: "" },
  ...{ removes: false, timeout: 60, allowPrivate: false, trusts: false, client: null },
};

export function NewServer({ onDone, onCancel }: { onDone(id: string): void; onCancel(): void }) {
  const [fields, setFields] = useState<Fields>(EMPTY);
  const create = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/v1/admin/mcp-servers", {
          body: {
            ...{ id: fields.id, ...bodyOf(fields), ...secretsOf(fields) },
            ...(fields.transport === "http" && fields.client && { oauth: clientOf(fields.client) }),
          } as Schema<"NewMcpServer">,
        }),
      ),
    onSuccess: async ({ id }) => {
      await refreshServers();
      onDone(id);
    },
  });
  const wrong = wrongIn(create.error);
  return (
    <Form
      submit="Add the server"
      busy={create.isPending}
      error={create.error}
      onSubmit={() => create.mutate()}
      onCancel={onCancel}
    >
      <SegmentedControl
        aria-label="How it is reached"
        data={[
          { value: "http", label: "By its address" },
          { value: "stdio", label: "By its command" },
        ]}
        value={fields.transport}
        onChange={(value) => setFields({ ...fields, transport: value as Fields["transport"] })}
      />
      <TextInput
        label="Id"
        description="Bots name its tools mcp:id/tool"
        required
        value={fields.id}
        error={wrong("id")}
        onChange={({ currentTarget }) => setFields({ ...fields, id: currentTarget.value.trim() })}
      />
      <ServerFields fields={fields} set={setFields} wrong={wrong} />
    </Form>
  );
}

const fieldsFrom = (server: McpServer): Fields => ({
  id: server.id,
  name: server.name,
  transport: server.transport,
  url: server.url ?? "",
  command: server.command ?? "",
  args: server.args.join("\n"),
  secrets: "",
  removes: false,
  timeout: server.timeout_seconds,
  allowPrivate: server.allow_private,
  trusts: server.trust_annotations,
  client: clientFieldsOf(server),
});

/** Sends what was changed, and no more: what is masked in an address is not sent back. */
export function ChangedServer({ server, onDone }: { server: McpServer; onDone(): void }) {
  const [fields, setFields] = useState(() => fieldsFrom(server));
  const edited = useEdited({
    one: server,
    fieldsOf: (one) => bodyOf(fieldsFrom(one)),
    read: () => readServer(server.id),
    sendsSecret: Object.keys(secretsOf(fields)).length > 0 || "oauth" in changedClient(server, fields.client),
  });
  const change = useMutation({
    mutationFn: () =>
      edited.save(bodyOf(fields), async (changed, { header }) => {
        const body = {
          ...changed,
          ...secretsOf(fields),
          ...changedClient(server, fields.client),
        } as Schema<"McpServerChange">;
        if (Object.keys(body).length > 0) await changeServer(server.id, body, header);
      }),
    onSuccess: () => {
      notifyDone("Stored. It takes effect at once.");
      onDone();
    },
  });
  return (
    <Form
      submit="Save"
      busy={change.isPending}
      error={change.error}
      notice={edited.notice({
        onKeep: () => change.mutate(),
        mine: () => bodyOf(fields),
        onTake: (theirs, kept) => setFields(fieldsFrom({ ...theirs, ...kept })),
      })}
      onSubmit={() => change.mutate()}
      onCancel={onDone}
    >
      <ServerFields fields={fields} set={setFields} wrong={wrongIn(change.error)} stored={server} />
    </Form>
  );
}

interface ServerFieldsProps {
  fields: Fields;
  set(fields: Fields): void;
  wrong: Wrong;
  /** Missing for a new one. */
  stored?: McpServer;
}

function ServerFields({ fields, set, wrong, stored }: ServerFieldsProps) {
  const isHttp = fields.transport === "http";
  const kept = stored ? " Empty: they stay as they are; otherwise all are replaced." : "";
  return (
    <>
      <TextInput
        label="Name"
        value={fields.name}
        error={wrong("name")}
        onChange={({ currentTarget }) => set({ ...fields, name: currentTarget.value })}
      />
      {isHttp ? (
        <TextInput
          label="Address"
          description="Usually ends with /mcp"
          required
          value={fields.url}
          error={wrong("url")}
          onChange={({ currentTarget }) => set({ ...fields, url: currentTarget.value.trim() })}
        />
      ) : (
        <ProgramFields fields={fields} set={set} wrong={wrong} />
      )}
      <SecretLines
        label={isHttp ? "Headers" : "Variables"}
        description={`One a line, as ${isHttp ? "Authorization: Bearer …" : "TOKEN: …"}. Stored encrypted, and not shown again.${kept}`}
        error={wrong("headers", "env")}
        text={fields.secrets}
        removes={fields.removes}
        stored={Object.keys({ ...stored?.headers, ...stored?.env })}
        onChange={({ text, removes }) => set({ ...fields, secrets: text, removes })}
      />
      <NumberField
        label="Longest call"
        description="Seconds"
        min={1}
        max={600}
        allowDecimal={false}
        value={fields.timeout}
        error={wrong("timeout_seconds")}
        onChange={(value) => set({ ...fields, timeout: value ?? 60 })}
      />
      {isHttp && (
        <Switch
          label="Allow a private address"
          description="Of this machine, or of the local network"
          checked={fields.allowPrivate}
          onChange={({ currentTarget }) => set({ ...fields, allowPrivate: currentTarget.checked })}
        />
      )}
      {isHttp && (
        <OAuthClient
          client={fields.client}
          set={(client) => set({ ...fields, client })}
          wrong={wrong}
          stored={stored ? clientFieldsOf(stored) : null}
        />
      )}
      <Switch
        label="Trust what it says about its tools"
        description="Such as that a tool only reads, or may be called twice. Policies depend on it"
        checked={fields.trusts}
        onChange={({ currentTarget }) => set({ ...fields, trusts: currentTarget.checked })}
      />
    </>
  );
}

function ProgramFields({ fields, set, wrong }: Pick<ServerFieldsProps, "fields" | "set" | "wrong">) {
  return (
    <>
      <TextInput
        label="Command"
        description="It runs on Heddle's machine. bun is the one inside Heddle"
        placeholder="npx"
        required
        value={fields.command}
        error={wrong("command")}
        onChange={({ currentTarget }) => set({ ...fields, command: currentTarget.value })}
      />
      <Textarea
        label="Arguments"
        description="One a line"
        autosize
        minRows={2}
        value={fields.args}
        error={wrong("args")}
        onChange={({ currentTarget }) => set({ ...fields, args: currentTarget.value })}
      />
    </>
  );
}

function bodyOf({ id, name, transport, url, command, args, timeout, allowPrivate, trusts }: Fields) {
  const isHttp = transport === "http";
  return {
    transport,
    name: name.trim() || id,
    url: isHttp ? url : null,
    command: isHttp ? null : command.trim(),
    args: isHttp ? [] : args.split("\n").filter((line) => line !== ""),
    timeout_seconds: timeout,
    allow_private: isHttp && allowPrivate,
    trust_annotations: trusts,
  };
}

/** Nothing if they stay as they are. */
function secretsOf({ transport, secrets, removes }: Fields) {
  const values = changedLines(secrets, removes);
  if (values === undefined) return {};
  return transport === "http" ? { headers: values } : { env: values };
}
