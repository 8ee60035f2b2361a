import { PasswordInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { Form } from "../../../parts/form.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { wrongIn } from "../../../parts/wrong-field.ts";
import { bodyOf, newDraft } from "./draft.ts";
import { EndpointFields } from "./endpoint-fields.tsx";
import classes from "./endpoints.module.css";
import { createEndpoint, type Place, type Preset, type Told } from "./queries.ts";

interface ChooseProps {
  presets: readonly Preset[];
  hrefOf(preset: string): string;
}

/** Any other sender. */
export const OTHER = "other";

/** Who sends: what is known about the sender is then filled in. */
export function ChooseSender({ presets, hrefOf }: ChooseProps) {
  return (
    <Section title="Who sends?">
      <div className={classes.senders}>
        {presets.map(({ name, label, sender_makes_secret }) => (
          <Link key={name} href={hrefOf(name)} className={classes.sender}>
            <strong>{label}</strong>
            <span className="faint">
              {sender_makes_secret ? "You enter its secret here" : "You enter a secret there"}
            </span>
          </Link>
        ))}
        <Link href={hrefOf(OTHER)} className={classes.sender}>
          <strong>Another service</strong>
          <span className="faint">You say how it signs</span>
        </Link>
      </div>
    </Section>
  );
}

interface Props {
  place: Place;
  preset: Preset | undefined;
  onDone(told: Told): void;
  onCancel(): void;
}

export function NewEndpoint({ place, preset, onDone, onCancel }: Props) {
  const [draft, setDraft] = useState(() => newDraft(preset));
  const set = (change: Partial<typeof draft>) => setDraft({ ...draft, ...change });
  const create = useMutation({
    mutationFn: async () =>
      createEndpoint(place, {
        ...bodyOf(draft),
        name: draft.name,
        ...(preset && { preset: preset.name }),
        ...(draft.secret !== "" && { secrets: [draft.secret] }),
      }),
    onSuccess: onDone,
  });
  const wrong = wrongIn(create.error);
  const service = preset?.label ?? "the service";
  return (
    <Section title={preset ? `A new endpoint for ${preset.label}` : "A new endpoint"}>
      <Panel>
        <Form
          submit="Create endpoint"
          busy={create.isPending}
          error={create.error}
          onSubmit={() => create.mutate()}
          onCancel={onCancel}
        >
          <TextInput
            label="Name"
            description={`Part of its address: ${place.path.replace(/endpoints$/, "")}${draft.name || "…"}`}
            required
            maxLength={63}
            autoComplete="off"
            spellCheck={false}
            value={draft.name}
            error={wrong("name")}
            onChange={({ currentTarget }) => set({ name: currentTarget.value.trim().toLowerCase() })}
          />
          <PasswordInput
            label="Secret"
            description={
              preset?.sender_makes_secret
                ? `${service} shows it once its webhook is made; you can add it afterwards as well`
                : `Empty: one is made, to be entered at ${service}`
            }
            autoComplete="off"
            maxLength={1000}
            value={draft.secret}
            error={wrong("secrets")}
            onChange={({ currentTarget }) => set({ secret: currentTarget.value.trim() })}
          />
          <EndpointFields draft={draft} set={set} wrong={wrong} isKnown={preset !== undefined} />
        </Form>
      </Panel>
    </Section>
  );
}

/** The way back to the list. */
export function BackLink({ href, children }: { href: string; children: React.ReactNode }) {
  return (
    <Link href={href} className={classes.back}>
      <Icon name="ArrowLeft" size={14} /> {children}
    </Link>
  );
}
