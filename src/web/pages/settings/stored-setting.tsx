import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import { notifyDone, notifyError } from "../../parts/api-error.tsx";
import { Form } from "../../parts/form.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";
import classes from "./settings.module.css";

/** The public address, which can be set here: what takes effect at once needs no start of the server. */
export function StoredSetting({ setting }: { setting: Schema<"ServerSetting"> }) {
  const [isOpen, setOpen] = useState(false);
  const remove = useMutation({
    mutationFn: () => take(api.DELETE("/api/v1/settings/BASE_URL")),
    onSuccess: () => changed("The address is not stored any more."),
    onError: notifyError("The address was not removed"),
  });
  if (isOpen) return <Address value={setting.value ?? suggested()} onDone={() => setOpen(false)} />;
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

function Address({ value: before, onDone }: { value: string; onDone(): void }) {
  const [value, setValue] = useState(before);
  const store = useMutation({
    mutationFn: () => take(api.PUT("/api/v1/settings/BASE_URL", { body: { value } })),
    onSuccess: async () => {
      await changed("Stored. The addresses of webhooks are made from it from now on.");
      onDone();
    },
  });
  return (
    <div className={classes.stored}>
      <Form
        submit="Save address"
        busy={store.isPending}
        error={store.error}
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

async function changed(message: string): Promise<void> {
  // Whatever shows an address of the server is read again.
  for (const family of ["server-settings", "integrations", "about", "repairs"]) {
    await queryClient.invalidateQueries({ queryKey: [family] });
  }
  notifyDone(message);
}

/** Where the reader is, if others may be there, too. */
const suggested = (): string =>
  ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname) ? "" : location.origin;
