import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import { notifyDone, notifyError } from "../../parts/api-error.tsx";
import { Form } from "../../parts/form.tsx";
import { useEdited } from "../../parts/use-edited.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";
import { readServerSettings, type ServerSettings } from "./queries.ts";
import classes from "./settings.module.css";

interface StoredSettingProps {
  setting: Schema<"ServerSetting">;
  all: ServerSettings;
}

/** The public address, which can be set here: what takes effect at once needs no start of the server. */
export function StoredSetting({ setting, all }: StoredSettingProps) {
  const [isOpen, setOpen] = useState(false);
  const remove = useMutation({
    mutationFn: () => {
      const header = { "if-match": `"${all.updated_at}"` };
      return take(api.DELETE("/api/v1/settings/BASE_URL", { params: { header } }));
    },
    onSuccess: () => notifyDone("The address is not stored any more."),
    onError: notifyError("The address was not removed"),
    // Also after a refusal: somebody else may have changed it.
    onSettled: readAgain,
  });
  if (isOpen) return <Address all={all} onDone={() => setOpen(false)} />;
  return (
    <span className={classes.actions}>
      <Button size="compact-xs" variant="default" onClick={() => setOpen(true)}>
        {setting.is_set ? "Change" : "Set it"}
      </Button>
      {setting.is_set && (
        <Button
          size="compact-xs"
          variant="default"
          loading={remove.isPending}
          onClick={() => remove.mutate()}
        >
          Remove
        </Button>
      )}
    </span>
  );
}

function Address({ all, onDone }: { all: ServerSettings; onDone(): void }) {
  const [value, setValue] = useState(() => addressIn(all) || suggested());
  const edited = useEdited({
    one: all,
    fieldsOf: (now) => ({ public_address: addressIn(now) }),
    read: readServerSettings,
  });
  const store = useMutation({
    mutationFn: () =>
      edited.save({ public_address: value }, (_, { header }) =>
        take(api.PUT("/api/v1/settings/BASE_URL", { params: { header }, body: { value } })),
      ),
    onSuccess: async () => {
      await readAgain();
      notifyDone("Stored. The addresses of webhooks are made from it from now on.");
      onDone();
    },
  });
  return (
    <div className={classes.stored}>
      <Form
        submit="Save address"
        busy={store.isPending}
        error={store.error}
        notice={edited.notice({
          onKeep: () => store.mutate(),
          mine: () => ({ public_address: value }),
          onTake: (theirs, kept) => setValue(kept.public_address ?? addressIn(theirs)),
        })}
        onSubmit={() => store.mutate()}
        onCancel={onDone}
      >
        <TextInput
          label="Public address"
          description="As services on the internet, and browsers, reach this server."
          placeholder="https://heddle.example.com"
          required
          error={wrongIn(store.error)("value")}
          value={value}
          onChange={({ currentTarget }) => setValue(currentTarget.value)}
          data-autofocus
          autoFocus
        />
      </Form>
    </div>
  );
}

const addressIn = ({ settings }: ServerSettings): string =>
  settings.find(({ name }) => name === "BASE_URL")?.value ?? "";

/** Whatever shows an address of the server. */
async function readAgain(): Promise<void> {
  for (const family of ["server-settings", "integrations", "about", "repairs"]) {
    await queryClient.invalidateQueries({ queryKey: [family] });
  }
}

/** Where the reader is, if others may be there, too. */
const suggested = (): string =>
  ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname) ? "" : location.origin;
