import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type FieldSchema, schemas } from "../api/schemas.ts";
import { ApiError } from "./api-error.tsx";
import classes from "./schema-help.module.css";

/** What the fields of an object mean, from the schema by which the API judges it. It is read when it is opened. */
export function SchemaHelp({ name }: { name: string }) {
  const [isOpen, setOpen] = useState(false);
  const { data, error } = useQuery({ ...schemas, enabled: isOpen });
  const schema = data?.[name];
  return (
    <details className={classes.help} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>What each field means</summary>
      {error && <ApiError error={error} />}
      {data && schema && (
        <dl className={classes.fields}>
          {Object.entries(schema.properties ?? {}).map(([field, one]) => (
            <div key={field} className={classes.field}>
              <dt>
                <code>{field}</code> <span className="faint">{typeWords(one, data)}</span>
                {schema.required?.includes(field) && <span className={classes.required}>required</span>}
              </dt>
              <dd>{one.description}</dd>
            </div>
          ))}
        </dl>
      )}
    </details>
  );
}

/** "a list of text", "text or nothing". */
function typeWords(schema: FieldSchema, all: Record<string, FieldSchema>): string {
  if (schema.$ref) return typeWords(all[schema.$ref.split("/").at(-1) ?? ""] ?? {}, all);
  if (schema.enum) return schema.enum.map(String).join(", ");
  if (schema.anyOf) return [...new Set(schema.anyOf.map((one) => typeWords(one, all)))].join(" or ");
  if (Array.isArray(schema.type)) return schema.type.map((type) => WORDS[type] ?? type).join(" or ");
  if (schema.type === "array") return `a list of ${schema.items ? typeWords(schema.items, all) : "anything"}`;
  return WORDS[schema.type ?? ""] ?? schema.type ?? "anything";
}

const WORDS: Record<string, string> = {
  string: "text",
  integer: "whole number",
  number: "number",
  boolean: "true or false",
  object: "object",
  null: "null",
};
