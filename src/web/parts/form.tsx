import { Button } from "@mantine/core";
import { useEffect } from "react";
import { isChangedMeanwhile } from "../api/failure.ts";
import { ApiError } from "./api-error.tsx";
import classes from "./form.module.css";
import { type Unsaved, useUnsaved } from "./unsaved.ts";
import { showRefusal, unfold } from "./wrong-field.ts";

interface FormFrameProps {
  /** What was refused last; the field that it names is marked by the field itself, with `wrongIn`. */
  error: unknown;
  className?: string | undefined;
  onSubmit(): void;
  children: React.ReactNode;
}

/** What every form is: it sends itself without leaving the page, leads to the field that was refused, and is not lost without a question. */
export function FormFrame(props: FormFrameProps) {
  return <Frame {...props} unsaved={useUnsaved(props.error)} />;
}

interface FrameProps extends FormFrameProps {
  unsaved: Unsaved<HTMLFormElement>;
}

function Frame({ error, className, onSubmit, unsaved, children }: FrameProps) {
  const { ref } = unsaved;
  useEffect(() => {
    if (error !== undefined && error !== null) showRefusal(ref.current);
  }, [error, ref]);
  return (
    <form
      ref={ref}
      className={className}
      onInvalidCapture={({ target }) => unfold(target as Element)}
      onSubmit={(event) => {
        event.preventDefault();
        unsaved.sent();
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
  const unsaved = useUnsaved<HTMLFormElement>(error);
  return (
    <Frame className={classes.form} error={error} onSubmit={onSubmit} unsaved={unsaved}>
      {children}
      {notice ??
        (error !== undefined && error !== null && !isChangedMeanwhile(error) && <ApiError error={error} />)}
      <div className={classes.buttons}>
        <Button type="submit" loading={busy}>
          {submit}
        </Button>
        {onCancel && (
          <Button
            variant="default"
            onClick={() => {
              unsaved.giveUp();
              onCancel();
            }}
          >
            Cancel
          </Button>
        )}
      </div>
    </Frame>
  );
}
