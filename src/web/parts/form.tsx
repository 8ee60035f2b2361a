import { Button } from "@mantine/core";
import { ApiError } from "./api-error.tsx";
import classes from "./form.module.css";

interface FormProps {
  /** What the button says and does: "Add the provider". */
  submit: string;
  busy: boolean;
  /** What the API refused; a field of it is marked by the field itself. */
  error?: unknown;
  /** In the place of the error: that somebody else has changed it meanwhile. */
  notice?: React.ReactNode;
  onSubmit(): void;
  onCancel?: () => void;
  children: React.ReactNode;
}

/** A form of up to about ten fields, one below the other, with what the API said above its buttons. */
export function Form({ submit, busy, error, notice, onSubmit, onCancel, children }: FormProps) {
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
      {notice ?? (error !== undefined && error !== null && <ApiError error={error} />)}
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
    </form>
  );
}
