import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { ApiFailure } from "../api/failure.ts";
import classes from "./api-error.module.css";
import { Icon } from "./icon.tsx";

export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What the API said, in its own words, and a way to try again. */
export function ApiError({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const facts = error instanceof ApiFailure ? error : undefined;
  return (
    <div className={classes.error} role="alert">
      <Icon name="AlertTriangle" size={18} />
      <div className={classes.text}>
        <p>{errorText(error)}</p>
        {facts && (
          <p className={classes.facts}>
            {facts.status > 0 && `Status ${facts.status}, ${facts.code}. `}
            {facts.requestId && (
              <>
                Request <code>{facts.requestId}</code>
              </>
            )}
          </p>
        )}
      </div>
      {onRetry && (
        <Button variant="default" size="xs" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

const CLOSE = { "aria-label": "Dismiss" };

/** For a failed action whose page has no place for its error. */
export const notifyError = (title: string) => (error: unknown) =>
  notifications.show({
    color: "red",
    title,
    message: errorText(error),
    autoClose: 10_000,
    closeButtonProps: CLOSE,
  });

export const notifyDone = (message: string) =>
  notifications.show({ message, color: "indigo", closeButtonProps: CLOSE });
