import { Button, PasswordInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../../../parts/api-error.tsx";
import { ConfirmDestructive } from "../../../parts/confirm.tsx";
import { FormFrame } from "../../../parts/form.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { Badge } from "../../../parts/status.tsx";
import { Time } from "../../../parts/time.tsx";
import { wrongIn } from "../../../parts/wrong-field.ts";
import classes from "./endpoints.module.css";
import { ShownSecret } from "./instructions.tsx";
import { addSecret, deleteSecret, type Endpoint, type Place } from "./queries.ts";

/** What senders may sign with: a second one lets the sender change it without a gap. */
export function Secrets({ place, endpoint }: { place: Place; endpoint: Endpoint }) {
  const { name, secrets } = endpoint;
  const [given, setGiven] = useState("");
  const [shown, setShown] = useState<string>();
  const [deleting, setDeleting] = useState<string>();
  const add = useMutation({
    mutationFn: () => addSecret(place, name, given),
    onSuccess: ({ secret }) => {
      setGiven("");
      setShown(secret);
    },
  });
  return (
    <Section title="Secrets">
      <Panel>
        {secrets.length === 0 && (
          <p>
            <Badge tone="bad">No secret</Badge> Every sender is refused.
          </p>
        )}
        <ul className={classes.secrets} aria-label="Secrets">
          {secrets.map(({ id, created_at }, index) => (
            <li key={id}>
              <span>
                Secret {index + 1} <span className="faint">added</span> <Time at={created_at} />
              </span>
              <Button size="compact-xs" variant="default" onClick={() => setDeleting(id)}>
                Delete …
              </Button>
            </li>
          ))}
        </ul>
        <FormFrame className={classes.line} error={add.error} onSubmit={() => add.mutate()}>
          <PasswordInput
            label="Another secret"
            description="The one that the service shows; empty: one is made"
            autoComplete="off"
            maxLength={1000}
            error={wrongIn(add.error)("secret")}
            value={given}
            onChange={({ currentTarget }) => setGiven(currentTarget.value.trim())}
          />
          <Button type="submit" variant="default" loading={add.isPending}>
            {given === "" ? "Make a secret" : "Add the secret"}
          </Button>
        </FormFrame>
        <p className="faint">
          To replace one: add the new one, enter it at the service, then delete the old one. Both are accepted
          meanwhile.
        </p>
        {add.error && <ApiError error={add.error} />}
      </Panel>
      {shown !== undefined && <ShownSecret secret={shown} onClose={() => setShown(undefined)} />}
      {deleting !== undefined && (
        <ConfirmDestructive
          action="Delete the secret"
          title="Delete the secret?"
          onClose={() => setDeleting(undefined)}
          onConfirm={() => deleteSecret(place, name, deleting)}
        >
          <p>
            Whoever still signs with it is refused from then on.
            {secrets.length === 1 && " It is the only one: the endpoint then refuses everybody."}
          </p>
        </ConfirmDestructive>
      )}
    </Section>
  );
}
