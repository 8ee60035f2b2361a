import { Button, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, type Schema, take } from "../api/client.ts";
import { covers, useSession } from "../api/session.ts";
import { notifyDone, notifyError } from "./api-error.tsx";
import { ConfirmDestructive } from "./confirm.tsx";
import { Dialog } from "./dialog.tsx";
import { Form } from "./form.tsx";
import { Icon } from "./icon.tsx";
import { Status } from "./status.tsx";
import { refreshDeliveries, useDelivery } from "./use-delivery.ts";
import { wrongIn } from "./wrong-field.ts";

type Delivery = Schema<"Delivery">;

/** The last correction or withdrawal of a delivery. */
const useLastChange = ({ changed_by }: Delivery): Delivery | undefined =>
  useDelivery(changed_by?.delivery_id).data;

/** Buttons that send again what was given up, and correct and withdraw what was posted, where the service can and the person may. */
export function ChangeDelivery({ delivery }: { delivery: Delivery }) {
  const [open, setOpen] = useState<"correct" | "withdraw">();
  const last = useLastChange(delivery);
  const mayWrite = useSession(({ me }) => covers(me?.scopes ?? [], "deliveries:write"));
  const { changed_by, can_correct, can_withdraw } = delivery;
  // A change that was given up has had no effect.
  const isWithdrawn = changed_by?.kind === "remove" && last?.status !== "dead";
  if (!mayWrite || isWithdrawn) return null;
  if (delivery.status === "dead") return <Redeliver id={delivery.id} />;
  const close = () => setOpen(undefined);
  return (
    <>
      {can_correct && (
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="Pencil" size={14} />}
          onClick={() => setOpen("correct")}
        >
          Correct …
        </Button>
      )}
      {can_withdraw && (
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="Trash2" size={14} />}
          onClick={() => setOpen("withdraw")}
        >
          Withdraw …
        </Button>
      )}
      {open === "correct" && <Correct delivery={delivery} text={textNow(delivery, last)} onClose={close} />}
      {open === "withdraw" && <Withdraw delivery={delivery} onClose={close} />}
    </>
  );
}

const textNow = ({ text }: Delivery, last: Delivery | undefined): string =>
  last?.kind === "edit" && last.status !== "dead" ? last.text : text;

/** What became of the last correction or withdrawal; nothing if there was none. */
export function LastChange({ delivery }: { delivery: Delivery }) {
  const last = useLastChange(delivery);
  if (!last) return null;
  return (
    <>
      <Link href={`/deliveries/${last.id}`}>
        {last.kind === "remove" ? "Withdrawn" : `Corrected to “${beginningOf(last.text)}”`}
      </Link>{" "}
      <Status value={last.status} />
    </>
  );
}

const beginningOf = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text);

function Redeliver({ id }: { id: string }) {
  const redeliver = useMutation({
    mutationFn: () => take(api.POST("/api/v1/deliveries/{id}/redeliver", { params: { path: { id } } })),
    onError: notifyError("It was not queued again"),
    onSuccess: () => {
      notifyDone("It is delivered once more.");
      void refreshDeliveries();
    },
  });
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<Icon name="RotateCcw" size={14} />}
      loading={redeliver.isPending}
      onClick={() => redeliver.mutate()}
    >
      Redeliver
    </Button>
  );
}

interface ChangeProps {
  delivery: Delivery;
  onClose(): void;
}

function Correct({ delivery: { id, dispatch_type }, text: before, onClose }: ChangeProps & { text: string }) {
  const [text, setText] = useState(before);
  const correct = useMutation({
    mutationFn: () =>
      take(api.POST("/api/v1/deliveries/{id}/correct", { params: { path: { id } }, body: { text } })),
    onSuccess: () => {
      notifyDone(`The correction is handed to ${dispatch_type}.`);
      onClose();
      void refreshDeliveries();
    },
  });
  return (
    <Dialog onClose={onClose} title="Correct what was posted" size="lg">
      <Form
        submit="Correct"
        busy={correct.isPending}
        error={correct.error}
        onSubmit={() => correct.mutate()}
        onCancel={onClose}
      >
        <Textarea
          label="Text"
          description={`It replaces the answer where ${dispatch_type} shows it. The bot is not told, and its conversation keeps what it has said.`}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          autosize
          minRows={4}
          error={wrongIn(correct.error)("text")}
          maxRows={20}
          required
          data-autofocus
        />
      </Form>
    </Dialog>
  );
}

function Withdraw({ delivery: { id, dispatch_type }, onClose }: ChangeProps) {
  return (
    <ConfirmDestructive
      action="Withdraw"
      title="Withdraw what was posted?"
      onClose={onClose}
      onConfirm={async () => {
        await take(api.POST("/api/v1/deliveries/{id}/withdraw", { params: { path: { id } } }));
        notifyDone(`The withdrawal is handed to ${dispatch_type}.`);
        await refreshDeliveries();
      }}
    >
      <p>
        The answer is removed from its place in {dispatch_type}, which cannot be undone. The bot is not told,
        and its conversation keeps what it has said.
      </p>
    </ConfirmDestructive>
  );
}
