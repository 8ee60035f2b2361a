import { Button, Progress } from "@mantine/core";
import { useState } from "react";
import type { Schema } from "../api/client.ts";
import { notifyDone, notifyError } from "./api-error.tsx";
import { ConfirmDestructive } from "./confirm.tsx";
import { Icon } from "./icon.tsx";
import type { IconName } from "./icon-names.ts";
import { useMay } from "./may.tsx";
import { plural } from "./units.tsx";

interface Step {
  dry_run?: boolean;
  cursor?: string;
}

interface BulkActionProps {
  /** Without it, the button is not there. */
  scope: string;
  /** What the button says: "Cancel all". */
  label: string;
  icon: IconName;
  /** What it acts on: "run". */
  what: string;
  /** What it does with them: "cancelled". */
  done: string;
  /** What is said below the count. */
  children: React.ReactNode;
  /** Acts on the next ones that the filters match. */
  act(step: Step): Promise<Schema<"BulkAnswer">>;
  onDone(): void;
}

/** Acts on everything that the filters match: counts first, asks, then shows the progress. */
export function BulkAction({ scope, label, icon, what, done, children, act, onDone }: BulkActionProps) {
  const isAllowed = useMay(scope);
  const [count, setCount] = useState<number | null>(null);
  const [isCounting, setCounting] = useState(false);
  const [progress, setProgress] = useState(0);
  const ask = async () => {
    setCounting(true);
    setProgress(0);
    try {
      setCount((await act({ dry_run: true })).count ?? 0);
    } catch (error) {
      notifyError("What matches could not be counted")(error);
    } finally {
      setCounting(false);
    }
  };
  const run = async () => {
    let finished = 0;
    let failed = 0;
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const step = await act(cursor === undefined ? {} : { cursor });
      finished += step.done;
      failed += step.failed.length;
      setProgress(finished + failed);
      cursor = step.next_cursor;
    }
    const notPossible = failed > 0 ? ` It was not possible for ${plural(failed, what)}.` : "";
    notifyDone(`${plural(finished, what)} ${done}.${notPossible}`);
    onDone();
  };
  if (!isAllowed) return null;
  return (
    <>
      <Button
        variant="default"
        size="xs"
        leftSection={<Icon name={icon} size={14} />}
        loading={isCounting}
        onClick={() => void ask()}
      >
        {label}
      </Button>
      {count !== null && (
        <ConfirmDestructive
          action={count === 0 ? "Close" : label}
          title={count === 0 ? `No ${what} matches` : `${plural(count, what)} will be ${done}`}
          onConfirm={count === 0 ? async () => {} : run}
          onClose={() => setCount(null)}
        >
          <p>{children}</p>
          {progress > 0 && (
            <Progress value={(100 * progress) / count} aria-label={`${progress} of ${count}`} />
          )}
        </ConfirmDestructive>
      )}
    </>
  );
}
