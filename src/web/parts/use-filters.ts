// The filters of a page live in its URL: they survive a reload, and a link leads to what its sender saw.

import { useMemo } from "react";
import { useSearchParams } from "wouter";
import { searchOf } from "./search-of.ts";
import { keepForms } from "./unsaved.ts";

export interface Filters<Name extends string> {
  /** Those that are set. */
  values: Partial<Record<Name, string>>;
  set(name: Name, value: string | null | undefined): void;
  clear(): void;
  count: number;
  /** The filters as a query with its "?", for links of the page; "" if there are none. Nothing else that the address says is in it. */
  search: string;
}

/** `names` are the parameters that the page understands; a constant outside of the component. */
export function useFilters<const Name extends string>(names: readonly Name[]): Filters<Name> {
  const [params, setParams] = useSearchParams();
  const text = params.toString();
  const values = useMemo(() => {
    const given = new URLSearchParams(text);
    return Object.fromEntries(
      names.flatMap((name) => (given.get(name) ? [[name, given.get(name) ?? ""]] : [])),
    ) as Partial<Record<Name, string>>;
  }, [names, text]);
  const change = (edit: (next: URLSearchParams) => void) =>
    keepForms(() =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          edit(next);
          return next;
        },
        { replace: true },
      ),
    );
  return {
    values,
    set: (name, value) => change((next) => (value ? next.set(name, value) : next.delete(name))),
    clear: () =>
      change((next) => {
        for (const name of names) next.delete(name);
      }),
    count: Object.keys(values).length,
    search: searchOf(values),
  };
}
