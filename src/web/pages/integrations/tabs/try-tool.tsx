import { Button, Group, SegmentedControl, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, take } from "../../../api/client.ts";
import { ApiError } from "../../../parts/api-error.tsx";
import { Json } from "../../../parts/code-block.tsx";
import { FormFrame } from "../../../parts/form.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { NumberField } from "../../../parts/number-field.tsx";
import { Status } from "../../../parts/status.tsx";
import { Duration } from "../../../parts/units.tsx";
import { isObject } from "../../../parts/use-edited.tsx";
import { objectOf, wrongIn } from "../../../parts/wrong-field.ts";
import { type ArgumentField, beginningOf, fieldsOf } from "./argument-fields.ts";
import classes from "./tabs.module.css";

type Arguments = Record<string, unknown>;

/** Calls a tool with arguments from a form or from JSON. What it does, it really does. */
export function TryTool({ tool }: { tool: Schema<"Tool"> }) {
  const fields = fieldsOf(tool);
  const [way, setWay] = useState<string>(fields ? "form" : "json");
  const [values, setValues] = useState<Arguments>(() => beginningOf(fields ?? []));
  const [text, setText] = useState("{}");
  const call = useMutation({
    mutationFn: async () => {
      const given =
        way === "form" ? values : objectOf(text, "arguments", "The arguments must be a JSON object.");
      const path = { name: tool.name };
      return take(api.POST("/api/v1/tools/{name}/try", { params: { path }, body: { arguments: given } }));
    },
  });
  const wrong = wrongIn(call.error);
  return (
    <FormFrame className={classes.fields} error={call.error} onSubmit={() => call.mutate()}>
      {fields && fields.length > 0 && (
        <SegmentedControl
          size="xs"
          aria-label="How to give the arguments"
          value={way}
          onChange={(next) => {
            if (next === "json") setText(JSON.stringify(values, null, 2));
            else setValues(objectIn(text) ?? values);
            setWay(next);
          }}
          data={[
            { value: "form", label: "Form" },
            { value: "json", label: "JSON" },
          ]}
        />
      )}
      {way === "json" ? (
        <Textarea
          label="Arguments"
          rows={6}
          error={wrong("arguments")}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
          classNames={{ input: classes.mono }}
          spellCheck={false}
        />
      ) : (
        fields?.map((field) => (
          <Field
            key={field.name}
            field={field}
            error={wrong(`arguments.${field.name}`)}
            value={values[field.name]}
            onChange={(value) =>
              setValues(({ [field.name]: _, ...others }) =>
                value === undefined ? others : { ...others, [field.name]: value },
              )
            }
          />
        ))
      )}
      {call.error && <ApiError error={call.error} />}
      <Group gap="xs">
        <Button type="submit" size="xs" loading={call.isPending} leftSection={<Icon name="Play" size={14} />}>
          Call {tool.name}
        </Button>
        <span className="faint">The tool really runs: what it changes stays changed.</span>
      </Group>
      {call.data && <Result result={call.data} />}
    </FormFrame>
  );
}

/** Undefined for a text that is not a JSON object. */
function objectIn(text: string): Arguments | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? (value as Arguments) : undefined;
  } catch {
    return undefined;
  }
}

interface FieldProps {
  field: ArgumentField;
  error: string | undefined;
  value: unknown;
  /** Undefined: left out. */
  onChange(value: unknown): void;
}

function Field({ field, error, value, onChange }: FieldProps) {
  const { name, kind, description, required, options, preset } = field;
  const shared = { label: name, description, required, error };
  if (kind === "boolean") {
    return (
      <Switch
        label={name}
        description={description}
        error={error}
        checked={value === undefined ? preset : value === true}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
    );
  }
  if (kind === "choice") {
    return (
      <Select
        {...shared}
        data={options}
        clearable={!required}
        value={typeof value === "string" ? value : null}
        onChange={(next) => onChange(next ?? undefined)}
      />
    );
  }
  if (kind === "text") {
    return (
      <TextInput
        {...shared}
        value={typeof value === "string" ? value : ""}
        onChange={({ currentTarget }) => onChange(currentTarget.value || undefined)}
      />
    );
  }
  return (
    <NumberField
      {...shared}
      allowDecimal={kind === "number"}
      value={typeof value === "number" ? value : undefined}
      onChange={onChange}
    />
  );
}

function Result({ result }: { result: Schema<"TriedTool"> }) {
  return (
    <div role="status">
      <p>
        <Status
          value={result.error === null ? "complete" : "failed"}
          label={result.error === null ? "It worked" : "It failed"}
        />{" "}
        in <Duration ms={result.duration_ms} />
      </p>
      <Json value={result.error ?? result.content} what="result" />
    </div>
  );
}
