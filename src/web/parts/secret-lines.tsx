import { Checkbox, Textarea } from "@mantine/core";

interface SecretLinesProps {
  label: string;
  description: string;
  error: string | undefined;
  /** What is typed: it replaces all that is stored. */
  text: string;
  /** Whether those that are stored are removed. */
  removes: boolean;
  /** The names of those that are stored. */
  stored: readonly string[];
  onChange(change: { text: string; removes: boolean }): void;
}

/** Names with secret values, one pair a line. Those that are stored are not shown; they stay, are replaced, or are removed. */
export function SecretLines({ error, text, removes, stored, onChange, ...field }: SecretLinesProps) {
  return (
    <>
      <Textarea
        {...field}
        error={error}
        autosize
        minRows={2}
        value={text}
        onChange={({ currentTarget }) => onChange({ text: currentTarget.value, removes: false })}
      />
      {stored.length > 0 && (
        <Checkbox
          label={`Remove what is stored: ${stored.join(", ")}`}
          checked={removes}
          disabled={text.trim() !== ""}
          onChange={({ currentTarget }) => onChange({ text, removes: currentTarget.checked })}
        />
      )}
    </>
  );
}
