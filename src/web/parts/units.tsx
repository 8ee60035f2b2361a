// Numbers with their units. Each is one short text, so that lists can align them.

import { durationText } from "./duration-text.ts";
import { manyOf } from "./many-of.ts";

const WHOLE = new Intl.NumberFormat();
const ONE_DIGIT = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const SHORT = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"];

function bytesText(bytes: number): string {
  const power = bytes < 1_000 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${ONE_DIGIT.format(bytes / 1_000 ** power)} ${BYTE_UNITS[power]}`;
}

/** Small amounts need more digits to be told apart. */
export function costText(usd: number): string {
  const digits = usd === 0 || usd >= 1 ? 2 : usd >= 0.01 ? 3 : 5;
  return `$${usd.toLocaleString(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

export const countText = (count: number): string => WHOLE.format(count);
export const shortCountText = (count: number): string => SHORT.format(count);
export const tokensText = (tokens: number): string => `${SHORT.format(tokens)} tokens`;

/** "1 run", "2 runs". */
export const plural = (count: number, one: string, many = manyOf(one)): string =>
  `${WHOLE.format(count)} ${count === 1 ? one : many}`;

export const Bytes = ({ value }: { value: number }) => (
  <span className="number" title={`${WHOLE.format(value)} bytes`}>
    {bytesText(value)}
  </span>
);

export const Duration = ({ ms }: { ms: number }) => (
  <span className="number" title={`${WHOLE.format(Math.round(ms))} milliseconds`}>
    {durationText(ms)}
  </span>
);

export const Tokens = ({ value }: { value: number }) => (
  <span className="number" title={`${WHOLE.format(value)} tokens`}>
    {tokensText(value)}
  </span>
);

/** In US dollars, the currency of the providers' prices; null where no price is known. */
export const Cost = ({ usd }: { usd: number | null | undefined }) =>
  usd === null || usd === undefined ? (
    <span className="faint">No price known</span>
  ) : (
    <span className="number" title={`${usd} US dollars`}>
      {costText(usd)}
    </span>
  );
