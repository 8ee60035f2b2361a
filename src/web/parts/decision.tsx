import { Button, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, take } from "../api/client.ts";
import { covers, useSession } from "../api/session.ts";
import { ApiError, notifyDone } from "./api-error.tsx";
import { type ApprovalDetail, refreshApprovals } from "./approvals.ts";
import classes from "./decision.module.css";
import { Icon } from "./icon.tsx";
import { wrongIn } from "./wrong-field.ts";

type Choice = NonNullable<Schema<"ApprovalDecision">["choice"]>;

interface DecisionProps {
  approval: ApprovalDetail;
  /** How many lines of its arguments are not shown yet: nobody approves what they have not seen. */
  unseen: number;
  onDone?(): void;
}

/** Approve or deny a call, for now or for longer. The first decision stands. */
export function Decision({ approval, unseen, onDone }: DecisionProps) {
  const { id, suggestions } = approval;
  const [choice, setChoice] = useState<Choice>("once");
  const [pattern, setPattern] = useState("0");
  const [note, setNote] = useState("");
  const mayWrite = useSession(({ me }) => covers(me?.scopes ?? [], "policies:write"));
  const decide = useMutation({
    mutationFn: (approved: boolean) =>
      take(
        api.POST("/api/v1/approvals/{id}/decide", {
          params: { path: { id } },
          body: {
            approved,
            choice,
            ...(choice === "pattern" && { arguments: suggestions[Number(pattern)]?.conditions ?? {} }),
            ...(note.trim() !== "" && { note: note.trim() }),
          },
        }),
      ),
    onSuccess: ({ status }) => {
      notifyDone(
        status === "approved" ? "Approved: the run goes on with the call." : "Denied: the call is not made.",
      );
      onDone?.();
    },
    onSettled: refreshApprovals,
  });
  const wrong = wrongIn(decide.error);
  return (
    <div className={classes.decision}>
      <div className={classes.fields}>
        <Select
          label="The decision holds for"
          data={choicesFor(approval, mayWrite)}
          error={wrong("choice")}
          value={choice}
          allowDeselect={false}
          onChange={(value) => setChoice((value ?? "once") as Choice)}
        />
        {choice === "pattern" && (
          <Select
            label="Which calls"
            data={suggestions.map(({ label }, index) => ({ value: String(index), label }))}
            error={wrong("arguments")}
            value={pattern}
            allowDeselect={false}
            onChange={(value) => setPattern(value ?? "0")}
          />
        )}
        <TextInput
          label="Note"
          description="The bot reads it if you deny the call."
          maxLength={1_000}
          error={wrong("note")}
          value={note}
          onChange={({ currentTarget }) => setNote(currentTarget.value)}
        />
      </div>
      {(choice === "pattern" || choice === "always") && (
        <p className={classes.hint}>This writes a policy, which can be changed or deleted under Policies.</p>
      )}
      {unseen > 0 && (
        <p className={classes.hint}>
          You can approve it when you have seen all of it: {unseen.toLocaleString("en")} lines of its
          arguments are not shown yet.
        </p>
      )}
      {decide.error && <ApiError error={decide.error} />}
      <div className={classes.buttons}>
        <Button
          size="xs"
          leftSection={<Icon name="Check" size={14} />}
          loading={decide.isPending && decide.variables}
          disabled={unseen > 0}
          onClick={() => decide.mutate(true)}
        >
          Approve
        </Button>
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name="Ban" size={14} />}
          loading={decide.isPending && !decide.variables}
          onClick={() => decide.mutate(false)}
        >
          Deny
        </Button>
      </div>
    </div>
  );
}

/** What holds for longer writes a policy, which not everybody may. */
const choicesFor = ({ tool_name, bot_id, suggestions }: ApprovalDetail, mayWrite: boolean) => [
  { value: "once", label: "This call" },
  { value: "run", label: `All calls of ${tool_name} in this run` },
  ...(mayWrite && suggestions.length > 0
    ? [{ value: "pattern", label: `Such calls of ${bot_id}, from now on` }]
    : []),
  ...(mayWrite ? [{ value: "always", label: `All calls of ${tool_name} by ${bot_id}, from now on` }] : []),
];
