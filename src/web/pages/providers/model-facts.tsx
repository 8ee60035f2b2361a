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

interface ModelFactsProps {
  provider: Provider;
  /** As it is known now. */
  model: Schema<"Model">;
  onClose(): void;
}

/** Sets what Heddle does not know of a model, or knows wrongly. Empty fields stay with what is known. */
export function ModelFacts({ provider, model: known, onClose }: ModelFactsProps) {
  const { id: model, prices } = known;
  const set = provider.models[model] ?? {};
  const [window, setWindow] = useState<number | undefined>(set.context_window);
  const [images, setImages] = useState(set.images === undefined ? "" : set.images ? "yes" : "no");
  const [input, setInput] = useState<number | undefined>(set.prices?.input);
  const [output, setOutput] = useState<number | undefined>(set.prices?.output);
  const [cached, setCached] = useState<number | undefined>(set.prices?.cached_input);
  /** The facts of all models, which are stored as one: those of the others are kept as they are now. */
  const all = useRef(provider.models);
  const edited = useEdited({
    one: provider,
    fieldsOf: ({ models }) => ({ models: models[model] ?? {} }),
    read: async () => {
      const now = await readProvider(provider.id);
      all.current = now.models;
      return now;
    },
  });
  const save = useMutation({
    mutationFn: () => {
      const { context_window: _window, images: _images, prices: _prices, ...others } = set;
      const facts: Facts = {
        ...others,
        ...(window !== undefined && { context_window: window }),
        ...(images !== "" && { images: images === "yes" }),
        ...(input !== undefined &&
          output !== undefined && {
            prices: {
              ...set.prices,
              ...{ input, output },
              ...(cached === undefined ? {} : { cached_input: cached }),
            },
          }),
      };
      return edited.save({ models: facts }, (_, { header }) => {
        const { [model]: _before, ...rest } = all.current;
        const models = Object.keys(facts).length === 0 ? rest : { ...rest, [model]: facts };
        return changeProvider(provider.id, { models }, header);
      });
    },
    onSuccess: () => {
      notifyDone("Stored. It applies from the next call on.");
      onClose();
    },
  });
  const wrong = wrongIn(save.error);
  const hasHalfPrice = (input === undefined) !== (output === undefined);
  const price = (
    label: string,
    name: string,
    value: number | undefined,
    change: (next: number | undefined) => void,
  ) => (
    <NumberInput
      label={label}
      placeholder={prices?.[name]?.toString() ?? ""}
      description="US dollars per million tokens"
      min={0}
      value={value ?? ""}
      onChange={(next) => change(numberOf(next))}
      error={
        hasHalfPrice && value === undefined && label !== CACHED
          ? "Both prices, or neither"
          : wrong(`models.${model}.prices.${name}`)
      }
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
          onTake: onClose,
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
          value={window ?? ""}
          onChange={(next) => setWindow(numberOf(next))}
          data-autofocus
        />
        {price("Input", "input", input, setInput)}
        {price("Output", "output", output, setOutput)}
        {price(CACHED, "cached_input", cached, setCached)}
        <Select
          label="Sees images"
          data={[
            { value: "", label: "As Heddle knows it" },
            { value: "yes", label: "Yes" },
            { value: "no", label: "No" },
          ]}
          error={wrong(`models.${model}.images`)}
          value={images}
          allowDeselect={false}
          onChange={(value) => setImages(value ?? "")}
        />
      </Form>
    </Dialog>
  );
}

const CACHED = "Input from the cache";

const numberOf = (value: string | number): number | undefined => (value === "" ? undefined : Number(value));
