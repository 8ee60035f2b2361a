import { NumberInput, Select } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Schema } from "../../api/client.ts";
import { notifyDone } from "../../parts/api-error.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Form } from "../../parts/form.tsx";
import { changeProvider, type Provider } from "./queries.ts";

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
      const { [model]: _before, ...rest } = provider.models;
      const models = Object.keys(facts).length === 0 ? rest : { ...rest, [model]: facts };
      return changeProvider(provider.id, { models });
    },
    onSuccess: () => {
      notifyDone("Stored. It applies from the next call on.");
      onClose();
    },
  });
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
      error={hasHalfPrice && value === undefined && label !== CACHED ? "Both prices, or neither" : undefined}
    />
  );
  return (
    <Dialog onClose={onClose} title={`What is known of ${model}`}>
      <Form
        submit="Save"
        busy={save.isPending}
        error={save.error}
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
