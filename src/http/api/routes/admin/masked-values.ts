import { MASK } from "../../../../secrets/urls.ts";

/** The names of what is secret, without the values. */
export const maskedValues = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.keys(values).map((name) => [name, MASK]));
