import { Button, Group, TextInput } from "@mantine/core";
import { useState } from "react";
import { ApiError } from "./api-error.tsx";
import { Dialog } from "./dialog.tsx";

interface ConfirmProps {
  /** What the button says and does: "Delete key". */
  action: string;
  title: string;
  /** Says exactly what it affects. */
  children: React.ReactNode;
  onConfirm(): Promise<unknown>;
  onClose(): void;
  /** Called when the action begins, and when it has failed: meanwhile, nothing should read what is being deleted. */
  onBusy?(isBusy: boolean): void;
  /** Must be typed first, for what cannot be undone. */
  typed?: string;
}

/** Asks before something is destroyed, says what it touches, and shows what the API said if it fails. */
export function ConfirmDestructive({
  action,
  title,
  children,
  onConfirm,
  onClose,
  onBusy,
  typed,
}: ConfirmProps) {
  const [text, setText] = useState("");
  const [state, setState] = useState<{ busy: boolean; error?: unknown }>({ busy: false });
  const confirm = async () => {
    setState({ busy: true });
    onBusy?.(true);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      onBusy?.(false);
      setState({ busy: false, error });
    }
  };
  return (
    <Dialog onClose={onClose} title={title}>
      {children}
      {typed !== undefined && (
        <TextInput
          mt="md"
          label={`Type ${typed} to confirm`}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          data-autofocus
        />
      )}
      {state.error !== undefined && <ApiError error={state.error} />}
      <Group justify="flex-end" mt="lg" gap="xs">
        <Button variant="default" onClick={onClose} data-autofocus={typed === undefined || undefined}>
          Keep
        </Button>
        <Button
          color="red.8"
          loading={state.busy}
          disabled={typed !== undefined && text !== typed}
          onClick={confirm}
        >
          {action}
        </Button>
      </Group>
    </Dialog>
  );
}
