// The part of a manifest's schema that describes bindings.

import { Type } from "@sinclair/typebox";
import { list, oneOf, optional, strict, text } from "./manifest-fields.ts";

/** The fields of an option whose label differs from its value. */
const CHOICE = {
  value: { type: "string", description: "What is stored." },
  label: { type: "string", description: "What the form shows." },
};

const ConfigField = strict(
  {
    key: text("Name in the binding's configuration."),
    type: oneOf(["string", "number", "boolean", "multiselect"], "The type of input."),
    label: text("What the form shows."),
    description: optional("More about it."),
    default: Type.Optional(
      Type.Unsafe<string | number | boolean | string[]>({
        type: ["string", "number", "boolean", "array"],
        items: { type: "string" },
        description: "The default, in the type of the field; a list for multiselect.",
      }),
    ),
    options: list(
      Type.Unsafe<string | { value: string; label: string }>({
        type: ["string", "object"],
        properties: CHOICE,
        required: ["value", "label"],
        additionalProperties: false,
      }),
      "The options of a multiselect.",
    ),
  },
  "A field of a binding's form.",
);

export const Binding = strict(
  {
    client_id_prefix: text('The prefix of client ids, including the colon: "github:".'),
    client_id_placeholder: optional("Shown in the empty field."),
    client_id_description: optional("Explains how client ids are formed."),
    display_name_placeholder: optional("Shown in the empty field."),
    event_types: list(
      Type.Unsafe<string | { value: string; label: string; description?: string }>({
        type: ["string", "object"],
        properties: {
          ...CHOICE,
          description: { type: "string", description: "More about it." },
        },
        required: ["value", "label"],
        additionalProperties: false,
      }),
      "Events that a binding can be limited to.",
    ),
    config_fields: list(ConfigField, "Further fields of a binding's configuration."),
    filter_schema: Type.Optional(
      Type.Unsafe<Record<string, unknown>>({
        type: "object",
        description: "JSON Schema that a binding's filter must match.",
      }),
    ),
  },
  "How channels are bound to places of the outside service.",
);
