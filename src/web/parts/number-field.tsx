import { NumberInput, type NumberInputProps } from "@mantine/core";
import { useState } from "react";
import { numberOf, shownNumber } from "./number-of.ts";

interface NumberFieldProps extends Omit<NumberInputProps, "value" | "defaultValue" | "onChange" | "onBlur"> {
  value: number | undefined;
  /** Undefined: there is no number in it. */
  onChange(value: number | undefined): void;
}

/** A field for a number that may be empty for a while, and in which each number can be typed key by key. */
export function NumberField({ value, error, onChange, ...input }: NumberFieldProps) {
  const [typed, setTyped] = useState<string | number>();
  return (
    <NumberInput
      {...input}
      error={error}
      value={shownNumber(typed, value)}
      onBlur={() => setTyped(undefined)}
      onChange={(next) => {
        setTyped(next);
        onChange(numberOf(next));
      }}
    />
  );
}
