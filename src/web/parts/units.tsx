// Numbers with their units. Each is one short text, so that lists can align them.

import { manyOf } from "./many-of.ts";

const WHOLE = new Intl.NumberFormat();
const ONE_DIGIT = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const SHORT = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"];

function bytesText(bytes: number): string {
  const power = bytes < 1_000 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${ONE_DIGIT.format(bytes / 1_000 ** power)} ${BYTE_UNITS[power]}`;
}

export function durationText(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${ONE_DIGIT.format(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Small amounts need more digits to be told apart. */
export function costText(usd: number): string {
  const digits = usd === 0 || usd >= 1 ? 2 : usd >= 0.01 ? 3 : 5;
  return `$${usd.toFixed(digits)}`;
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
