import { NumberInput, Select } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { Schema } from "../../api/client.ts";
import { notifyDone } from "../../parts/api-error.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Form } from "../../parts/form.tsx";
import { useEdited } from "../../parts/use-edited.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";
import { changeProvider, type Provider, readProvider } from "./queries.ts";

type Facts = Provider["models"][string];

/** Null and "": as Heddle knows it. */
interface Draft {
  context_window: number | null;
  input: number | null;
  output: number | null;
  cached_input: number | null;
  images: string;
  pdfs: string;
}

const draftOf = ({ context_window, images, pdfs, prices }: Facts = {}): Draft => ({
  context_window: context_window ?? null,
  input: prices?.input ?? null,
  output: prices?.output ?? null,
  cached_input: prices?.cached_input ?? null,
  images: choiceOf(images),
  pdfs: choiceOf(pdfs),
});

const choiceOf = (fact: boolean | undefined): string => (fact === undefined ? "" : fact ? "yes" : "no");

/** With what was stored that the form does not have. */
function factsOf(
  { context_window, input, output, cached_input, images, pdfs }: Draft,
  stored: Facts = {},
): Facts {
  const { context_window: _window, images: _images, pdfs: _pdfs, prices, ...others } = stored;
  const { cached_input: _cached, ...otherPrices } = prices ?? {};
  return {
    ...others,
    ...(context_window !== null && { context_window }),
    ...(images !== "" && { images: images === "yes" }),
    ...(pdfs !== "" && { pdfs: pdfs === "yes" }),
    ...(input !== null &&
      output !== null && {
        prices: { ...otherPrices, input, output, ...(cached_input !== null && { cached_input }) },
      }),
  };
}

interface ModelFactsProps {
  provider: Provider;
  /** As it is known now. */
  model: Schema<"Model">;
  onClose(): void;
}

/** Sets what Heddle does not know of a model, or knows wrongly. Empty fields stay with what is known. */
export function ModelFacts({ provider, model: known, onClose }: ModelFactsProps) {
  const { id: model, prices } = known;
  const [draft, setDraft] = useState(() => draftOf(provider.models[model]));
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  /** The facts of all models, which are stored as one: those of the others are kept as they are now. */
  const all = useRef(provider.models);
  const edited = useEdited({
    one: provider,
    fieldsOf: ({ models }) => draftOf(models[model]),
    read: async () => {
      const now = await readProvider(provider.id);
      all.current = now.models;
      return now;
    },
  });
  const save = useMutation({
    mutationFn: () =>
      edited.save(draft, (changed, { header }) => {
        const { [model]: stored, ...rest } = all.current;
        const facts = factsOf({ ...draftOf(stored), ...changed }, stored);
        const models = Object.keys(facts).length === 0 ? rest : { ...rest, [model]: facts };
        return changeProvider(provider.id, { models }, header);
      }),
    onSuccess: () => {
      notifyDone("Stored. It applies from the next call on.");
      onClose();
    },
  });
  const wrong = wrongIn(save.error);
  const hasHalfPrice = (draft.input === null) !== (draft.output === null);
  const price = (label: string, name: "input" | "output" | "cached_input") => (
    <NumberInput
      label={label}
      placeholder={prices?.[name]?.toString() ?? ""}
      description="US dollars per million tokens"
      min={0}
      value={draft[name] ?? ""}
      onChange={(next) => setDraft({ ...draft, [name]: numberOf(next) })}
      error={
        hasHalfPrice && draft[name] === null && name !== "cached_input"
          ? "Both prices, or neither"
          : wrong(`models.${model}.prices.${name}`)
      }
    />
  );
  const choice = (label: string, name: "images" | "pdfs") => (
    <Select
      label={label}
      data={[
        { value: "", label: "As Heddle knows it" },
        { value: "yes", label: "Yes" },
        { value: "no", label: "No" },
      ]}
      error={wrong(`models.${model}.${name}`)}
      value={draft[name]}
      allowDeselect={false}
      onChange={(value) => set({ [name]: value ?? "" })}
    />
  );
  return (
    <Dialog onClose={onClose} title={`What is known of ${model}`}>
      <Form
        submit="Save"
        busy={save.isPending}
        error={save.error}
        notice={edited.notice({
          onKeep: () => save.mutate(),
          mine: () => draft,
          onTake: (theirs, kept) => setDraft({ ...draftOf(theirs.models[model]), ...kept }),
        })}
        onSubmit={() => !hasHalfPrice && save.mutate()}
        onCancel={onClose}
      >
        <NumberInput
          label="Context window"
          description="Tokens that a request may have"
          min={2_000}
          allowDecimal={false}
          thousandSeparator=" "
          placeholder={known.context_window?.toString() ?? ""}
          error={wrong(`models.${model}.context_window`)}
          value={draft.context_window ?? ""}
          onChange={(next) => set({ context_window: numberOf(next) })}
          data-autofocus
        />
        {price("Input", "input")}
        {price("Output", "output")}
        {price("Input from the cache", "cached_input")}
        {choice("Sees images", "images")}
        {choice("Reads PDFs by itself", "pdfs")}
      </Form>
    </Dialog>
  );
}

const numberOf = (value: string | number): number | null => (value === "" ? null : Number(value));
