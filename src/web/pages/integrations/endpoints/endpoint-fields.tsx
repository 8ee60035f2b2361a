import { Select, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { bots } from "../../../api/queries.ts";
import type { Wrong } from "../../../parts/wrong-field.ts";
import type { Draft } from "./draft.ts";
import classes from "./endpoints.module.css";
import { VerifierFields } from "./verifier-fields.tsx";

interface Props {
  draft: Draft;
  set(change: Partial<Draft>): void;
  wrong: Wrong;
  /** A preset knows how the sender proves itself, and what tells its events apart: that is folded then. */
  isKnown: boolean;
}

/** What a new endpoint and an existing one have in common. */
export function EndpointFields({ draft, set, wrong, isKnown }: Props) {
  const { data: known = [] } = useQuery(bots);
  const proof = (
    <VerifierFields verifier={draft.verifier} onChange={(verifier) => set({ verifier })} wrong={wrong} />
  );
  return (
    <>
      {!isKnown && proof}
      <Select
        label="Bot that answers"
        searchable
        allowDeselect={false}
        data={known.map(({ id, name }) => ({ value: id, label: name }))}
        value={draft.bot_id}
        error={wrong("bot_id")}
        onChange={(bot_id) => bot_id !== null && set({ bot_id })}
      />
      <Textarea
        label="What the bot is told"
        description="{{path.to.field}} is replaced by a value of what was sent, and {{.}} by all of it"
        required
        autosize
        minRows={4}
        maxRows={16}
        value={draft.prompt_template}
        error={wrong("prompt_template")}
        onChange={({ currentTarget }) => set({ prompt_template: currentTarget.value })}
      />
      <details className={classes.more}>
        <summary>{isKnown ? "Signature, conversations, answers" : "Conversations, answers"}</summary>
        <div className={classes.fields}>
          {isKnown && proof}
          <TextInput
            label="Which events belong to one conversation"
            description="A pointer into what is sent, such as /ticket/id. Empty: all is one conversation"
            value={draft.session_pointer}
            error={wrong("session_pointer")}
            onChange={({ currentTarget }) => set({ session_pointer: currentTarget.value.trim() })}
          />
          <TextInput
            label="What tells events apart"
            description="A pointer such as /delivery_id: what has the same value there runs once"
            value={draft.idempotency_pointer}
            error={wrong("idempotency_pointer")}
            onChange={({ currentTarget }) => set({ idempotency_pointer: currentTarget.value.trim() })}
          />
          <Textarea
            label="Where answers go"
            description='As JSON, such as {"type": "webhook", "url": "https://…"}. Empty: they stay with the run'
            autosize
            minRows={2}
            classNames={{ input: classes.mono }}
            value={draft.dispatch_config}
            error={wrong("dispatch_config")}
            onChange={({ currentTarget }) => set({ dispatch_config: currentTarget.value })}
          />
          <Textarea
            label="What its runs get"
            description="As JSON: system_preamble, skills, tools, model_override"
            autosize
            minRows={2}
            maxRows={12}
            classNames={{ input: classes.mono }}
            value={draft.execution_config}
            error={wrong("execution_config")}
            onChange={({ currentTarget }) => set({ execution_config: currentTarget.value })}
          />
        </div>
      </details>
    </>
  );
}
