import { Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, take } from "../../api/client.ts";
import { useSession } from "../../api/session.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { CodeBlock } from "../../parts/code-block.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Form } from "../../parts/form.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";
import classes from "./api-keys.module.css";
import { ChooseScopes } from "./choose-scopes.tsx";
import { type ApiKey, keyOf, scopes as known, refreshKeys } from "./queries.ts";
import { ScopeList } from "./scope-list.tsx";

interface NewKeyProps {
  /** The id of a key to begin with. */
  like: string | undefined;
  onClose(): void;
}

/** What another key has is read before the form begins. */
export function NewKey({ like, onClose }: NewKeyProps) {
  const { data: scopes, error } = useQuery(known);
  const model = useQuery({ ...keyOf(like ?? ""), enabled: like !== undefined });
  if (error ?? model.error) return <ApiError error={error ?? model.error} />;
  if (!scopes || (like !== undefined && !model.data)) return null;
  return <KeyForm known={scopes} like={model.data} onClose={onClose} />;
}

const OWN = "own choice";
const LIVES = [
  { value: "", label: "Never" },
  { value: "1", label: "In a day" },
  { value: "7", label: "In a week" },
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
];
const DAY_MS = 86_400_000;

interface KeyFormProps {
  known: Schema<"Scopes">;
  like: ApiKey | undefined;
  onClose(): void;
}

function KeyForm({ known: { presets, resources }, like, onClose }: KeyFormProps) {
  const maySeeAll = useSession(({ me }) => me?.rows === "all");
  const [name, setName] = useState(like?.name ?? "");
  const [preset, setPreset] = useState(like ? OWN : "read_only");
  const [own, setOwn] = useState<string[]>(like?.scopes ?? []);
  const [days, setDays] = useState("");
  const [rows, setRows] = useState<ApiKey["rows"] | "">(like?.rows ?? "");
  const scopes = preset === OWN ? own : (presets.find((one) => one.name === preset)?.scopes ?? []);
  const create = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/v1/api-keys", {
          body: {
            name,
            scopes: [...scopes],
            ...(rows !== "" && { rows }),
            ...(days !== "" && { expires_at: new Date(Date.now() + Number(days) * DAY_MS).toISOString() }),
          },
        }),
      ),
    onSuccess: () => void refreshKeys(),
  });
  const wrong = wrongIn(create.error);
  return (
    <>
      <Form
        submit="Create the key"
        busy={create.isPending}
        error={create.error}
        onSubmit={() => create.mutate()}
        onCancel={onClose}
      >
        <TextInput
          label="Name"
          description="By which you recognise it later: who or what uses it"
          required
          maxLength={200}
          value={name}
          error={wrong("name")}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        <Select
          label="What it may do"
          description={presets.find((one) => one.name === preset)?.description ?? "Choose each thing below"}
          data={[
            ...presets.map((one) => ({ value: one.name, label: presetWords(one.name) })),
            { value: OWN, label: "Own choice" },
          ]}
          value={preset}
          error={wrong("preset")}
          allowDeselect={false}
          onChange={(value) => {
            // The choice begins with what the preset has.
            if (value === OWN) setOwn([...scopes].filter((scope) => scope !== "admin"));
            setPreset(value ?? preset);
          }}
        />
        {preset === OWN ? (
          <ChooseScopes resources={resources} value={own} wrong={wrong} onChange={setOwn} />
        ) : (
          <details>
            <summary className={classes.summary}>What that is in detail</summary>
            <ScopeList scopes={scopes} />
          </details>
        )}
        {maySeeAll && (
          <Select
            label="Whose rows it reaches"
            description="Channels, sessions, runs, deliveries and documents"
            data={[
              { value: "", label: "As usual for what it may do" },
              { value: "own", label: "Only what it has created" },
              { value: "all", label: "Everyone's" },
            ]}
            value={rows}
            error={wrong("rows")}
            allowDeselect={false}
            onChange={(value) => setRows((value ?? "") as ApiKey["rows"] | "")}
          />
        )}
        <Lifetime days={days} error={wrong("expires_at")} onChange={setDays} />
      </Form>
      {create.data && <Shown made={create.data} onClose={onClose} />}
    </>
  );
}

interface LifetimeProps {
  days: string;
  error: string | undefined;
  onChange(days: string): void;
}

function Lifetime({ days, error, onChange }: LifetimeProps) {
  return (
    <Select
      label="It ends"
      data={LIVES}
      value={days}
      error={error}
      allowDeselect={false}
      onChange={(value) => onChange(value ?? "")}
    />
  );
}

const PRESETS: Record<string, string> = {
  read_only: "Read only",
  admin_user: "Everything",
  member_user: "Member",
  chat_client: "Chat client",
  workspace_bot: "Workspace bot",
  slack_integration: "Slack integration",
  mission_control: "Mission control",
};

const presetWords = (name: string): string => PRESETS[name] ?? name;

/** The one time that the key can be read. */
function Shown({ made, onClose }: { made: Schema<"MadeApiKey">; onClose(): void }) {
  const [isCurl, setCurl] = useState("key");
  const curl = `curl ${location.origin}/api/v1/sign-in -H 'authorization: Bearer ${made.key}'`;
  return (
    <Dialog
      onClose={onClose}
      title="The new key"
      size="lg"
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <p>It is shown only once and cannot be read again. Copy it now.</p>
      <SegmentedControl
        size="xs"
        aria-label="What is shown"
        data={[
          { value: "key", label: "Key" },
          { value: "curl", label: "As curl" },
        ]}
        value={isCurl}
        onChange={setCurl}
        mb="xs"
      />
      <CodeBlock
        text={isCurl === "curl" ? curl : made.key}
        what={isCurl === "curl" ? "command" : "key"}
        wrap
      />
      {made.warnings.map((warning) => (
        <p key={warning}>{warning}</p>
      ))}
      <div className={classes.done}>
        <Button onClick={onClose}>I have copied it</Button>
      </div>
    </Dialog>
  );
}
