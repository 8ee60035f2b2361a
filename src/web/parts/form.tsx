import { Button } from "@mantine/core";
import { useEffect, useRef } from "react";
import { isChangedMeanwhile } from "../api/failure.ts";
import { ApiError } from "./api-error.tsx";
import classes from "./form.module.css";
import { showRefusal, unfold } from "./wrong-field.ts";

interface FormFrameProps {
  /** What was refused last; the field that it names is marked by the field itself, with `wrongIn`. */
  error: unknown;
  className?: string | undefined;
  onSubmit(): void;
  children: React.ReactNode;
}

/** What every form is: it sends itself without leaving the page, and leads to the field that was refused. */
export function FormFrame({ error, className, onSubmit, children }: FormFrameProps) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error !== undefined && error !== null) showRefusal(form.current);
  }, [error]);
  return (
    <form
      ref={form}
      className={className}
      onInvalidCapture={({ target }) => unfold(target as Element)}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}

interface FormProps extends Omit<FormFrameProps, "className" | "error"> {
  /** What the button says and does: "Add the provider". */
  submit: string;
  busy: boolean;
  error?: unknown;
  /** In the place of the error: that somebody else has changed it meanwhile. */
  notice?: React.ReactNode;
  onCancel?: () => void;
}

/** A form of up to about ten fields, one below the other, with what the API said above its buttons. */
export function Form({ submit, busy, error, notice, onSubmit, onCancel, children }: FormProps) {
  return (
    <FormFrame className={classes.form} error={error} onSubmit={onSubmit}>
      {children}
      {notice ??
        (error !== undefined && error !== null && !isChangedMeanwhile(error) && <ApiError error={error} />)}
      <div className={classes.buttons}>
        <Button type="submit" loading={busy}>
          {submit}
        </Button>
        {onCancel && (
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        )}
      </div>
    </FormFrame>
  );
}
