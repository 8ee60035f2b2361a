// What MCP servers ask a person in the middle of a call, answered where one sees it.

import { Button, MultiSelect, Select, Switch, TextInput } from "@mantine/core";
import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, type Schema, take } from "../api/client.ts";
import { useLiveQueries } from "../api/live.ts";
import { queryClient } from "../api/query-client.ts";
import { covers, useSession } from "../api/session.ts";
import { ApiError, notifyDone } from "./api-error.tsx";
import classes from "./decision.module.css";
import { FormFrame } from "./form.tsx";
import { Icon } from "./icon.tsx";
import { NumberField } from "./number-field.tsx";
import { Time } from "./time.tsx";
import { wrongIn } from "./wrong-field.ts";

type Question = Schema<"McpQuestion">;
type Where = { task_id?: string; session_id?: string };
type Value = string | number | boolean | string[];

/** In case nothing tells this page: the call waits for five minutes only. */
const LOOK_MS = 10_000;

const pendingQuestions = (where: Where = {}) =>
  queryOptions({
    queryKey: ["mcp-questions", where],
    queryFn: async () => {
      const query = { ...where, status: "pending", limit: 20 } as const;
      return (await take(api.GET("/api/v1/mcp-questions", { params: { query } }))).mcp_questions;
    },
    refetchInterval: LOOK_MS,
  });

/** Those of a run or a conversation; of all by default. */
export function ServerQuestions({ where = {} }: { where?: Where }) {
  const maySee = useSession(({ me }) => covers(me?.scopes ?? [], "approvals:read"));
  const { data = [], error, refetch } = useQuery({ ...pendingQuestions(where), enabled: maySee });
  useLiveQueries(["mcp"], ["mcp-questions"]);
  return (
    <>
      {error && <ApiError error={error} onRetry={() => void refetch()} />}
      {data.map((one) => (
        <OneQuestion key={one.id} asked={one} />
      ))}
    </>
  );
}

function OneQuestion({ asked }: { asked: Question }) {
  const { id, server_id, tool_reference, bot_id, task_id, message, expires_at, schema } = asked;
  const mayAnswer = useSession(({ me }) => covers(me?.scopes ?? [], "approvals:write"));
  const fields = fieldsOf(schema);
  const [values, setValues] = useState<Record<string, Value>>(() => defaultsOf(fields));
  const answer = useMutation({
    mutationFn: (action: "accept" | "decline") =>
      take(
        api.POST("/api/v1/mcp-questions/{id}/answer", {
          params: { path: { id } },
          body: action === "accept" ? { action, content: contentOf(fields, values) } : { action },
        }),
      ),
    onSuccess: () => {
      notifyDone(`${server_id} has the answer, and the call goes on.`);
      return queryClient.invalidateQueries({ queryKey: ["mcp-questions"] });
    },
  });
  return (
    <section className={classes.card} aria-label={`${server_id} asks something`}>
      <p className={classes.head}>
        <Icon name="MessageSquare" size={16} />
        <span>
          The MCP server <code>{server_id}</code> asks, for a call of <code>{tool_reference}</code> by{" "}
          {bot_id}
        </span>
        <span>
          until <Time at={expires_at} />
        </span>
        <Link href={`/tasks/${task_id}`}>The run</Link>
      </p>
      <p>{message}</p>
      {mayAnswer ? (
        <FormFrame className={classes.decision} error={answer.error} onSubmit={() => answer.mutate("accept")}>
          <div className={classes.fields}>
            {fields.map((field) => (
              <AnswerField
                key={field.name}
                field={field}
                error={wrongIn(answer.error)(`content.${field.name}`)}
                value={values[field.name]}
                onChange={(value) => setValues({ ...values, [field.name]: value })}
              />
            ))}
          </div>
          <p className={classes.why}>
            What you enter is sent to {server_id}. It should not ask for passwords.
          </p>
          {answer.error && <ApiError error={answer.error} />}
          <div className={classes.buttons}>
            <Button type="submit" size="xs" loading={answer.isPending}>
              Answer
            </Button>
            <Button size="xs" variant="default" onClick={() => answer.mutate("decline")}>
              Decline
            </Button>
          </div>
        </FormFrame>
      ) : (
        <p className={classes.why}>You may see it, but not answer: the scope approvals:write is missing.</p>
      )}
    </section>
  );
}

interface Field {
  name: string;
  label: string;
  description: string | undefined;
  kind: "text" | "number" | "integer" | "switch" | "choice" | "choices";
  options: { value: string; label: string }[];
  required: boolean;
  fallback: Value | undefined;
}

interface AnswerFieldProps {
  field: Field;
  error: string | undefined;
  value: Value | undefined;
  onChange(value: Value): void;
}

function AnswerField({ field, error, value, onChange }: AnswerFieldProps) {
  const { label, description, required, kind, options } = field;
  const shared = { label, description, required, error };
  switch (kind) {
    case "switch":
      return (
        <Switch
          label={label}
          description={description}
          error={error}
          checked={value === true}
          onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        />
      );
    case "number":
    case "integer":
      return (
        <NumberField
          {...shared}
          allowDecimal={kind === "number"}
          value={typeof value === "number" ? value : undefined}
          onChange={(given) => onChange(given ?? "")}
        />
      );
    case "choice":
      return (
        <Select
          {...shared}
          data={options}
          value={typeof value === "string" && value !== "" ? value : null}
          onChange={(given) => onChange(given ?? "")}
        />
      );
    case "choices":
      return (
        <MultiSelect
          {...shared}
          data={options}
          value={Array.isArray(value) ? value : []}
          onChange={onChange}
        />
      );
    default:
      return (
        <TextInput
          {...shared}
          value={typeof value === "string" ? value : ""}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      );
  }
}

type Json = Record<string, unknown>;
const objectOf = (value: unknown): Json =>
  typeof value === "object" && value !== null ? (value as Json) : {};

function fieldsOf(schema: unknown): Field[] {
  const { properties, required } = objectOf(schema);
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(objectOf(properties)).map(([name, given]) => {
    const field = objectOf(given);
    const options = optionsIn(field.type === "array" ? objectOf(field.items) : field);
    return {
      name,
      label: typeof field.title === "string" ? field.title : name,
      description: typeof field.description === "string" ? field.description : undefined,
      kind: kindOf(field.type, options.length > 0),
      options,
      required: needed.includes(name),
      fallback: field.default as Value | undefined,
    };
  });
}

function kindOf(type: unknown, hasOptions: boolean): Field["kind"] {
  if (type === "array") return "choices";
  if (hasOptions) return "choice";
  if (type === "boolean") return "switch";
  return type === "number" || type === "integer" ? type : "text";
}

/** As enum, with names or without, or as constants with titles. */
function optionsIn(field: Json): Field["options"] {
  const names = Array.isArray(field.enumNames) ? field.enumNames : [];
  const constants = [field.oneOf, field.anyOf].find(Array.isArray) ?? [];
  const plain = Array.isArray(field.enum) ? field.enum : [];
  return [
    ...plain.map((value, index) => ({ value: String(value), label: String(names[index] ?? value) })),
    ...constants
      .map(objectOf)
      .map((one) => ({ value: String(one.const), label: String(one.title ?? one.const) })),
  ];
}

const defaultsOf = (fields: Field[]): Record<string, Value> =>
  Object.fromEntries(
    fields.flatMap(({ name, kind, fallback }) =>
      fallback !== undefined ? [[name, fallback]] : kind === "switch" ? [[name, false]] : [],
    ),
  );

/** What was left empty is not sent. */
const contentOf = (fields: Field[], values: Record<string, Value>): Record<string, Value> =>
  Object.fromEntries(
    fields.flatMap(({ name }) => {
      const value = values[name];
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
