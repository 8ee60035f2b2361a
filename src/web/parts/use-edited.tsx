// What a person edits while others may change it: nobody's work is overwritten without a word.

import { type ReactNode, useRef, useState } from "react";
import { ApiFailure } from "../api/failure.ts";
import { ChangedMeanwhile } from "./changed-meanwhile.tsx";

interface Versioned {
  updated_at: string | null;
}

interface EditedOptions<One extends Versioned, Fields extends object> {
  one: One;
  /** What the form changes of it, as the API names it. */
  fieldsOf(one: One): Fields;
  /** Reads it again. */
  read(): Promise<One>;
  /** False while nothing has been typed; until then, the form follows what is stored. Default: true. */
  isBegun?: boolean;
  /** Whether the change replaces something that is never shown, such as a key. Default: it does not. */
  hides?(changed: Partial<Fields>): boolean;
}

/** The header with which the API refuses to change what somebody else has changed meanwhile. */
export interface IfMatch {
  "if-match": string;
}

/** That header, and the bare version for routes that take it in the body. */
interface Seen {
  header: IfMatch;
  version: string | null;
}

interface Choices<One> {
  /** Saves again, now over what the others have stored. */
  onKeep(): void;
  /** Puts what the others have stored into the form. */
  onTake(theirs: One, changedByThem: readonly string[]): void;
}

export interface Edited<One, Fields> {
  /** Sends only what differs from what was there when editing began. */
  save<Answer>(
    fields: Fields,
    send: (changed: Partial<Fields>, seen: Seen) => Promise<Answer>,
  ): Promise<Answer>;
  /** What the others have changed, and the choice; nothing unless the last save was refused for that. */
  notice(choices: Choices<One>): ReactNode;
  /**
   * Takes this as the version that editing began with, after the reader has changed its field `own` outside of the form. What somebody else has changed
   * in the same moment has not been seen: the next save asks about it.
   */
  goOnFrom(one: One, own: keyof Fields): void;
}

export function useEdited<One extends Versioned, Fields extends object>({
  one,
  fieldsOf,
  read,
  isBegun = true,
  hides = () => false,
}: EditedOptions<One, Fields>): Edited<One, Fields> {
  const [kept, setKept] = useState(one);
  const [meanwhile, setMeanwhile] = useState<{ theirs: One; mine: string[]; isHidden: boolean }>();
  /** The version that the next save may overwrite. */
  const seen = useRef(kept.updated_at);
  const base = isBegun ? kept : one;
  if (!isBegun && kept !== one) {
    setKept(one);
    seen.current = one.updated_at;
  }

  return {
    async save(fields, send) {
      const changed = changesOf(fieldsOf(base), fields);
      const isHidden = hides(changed);
      for (let isFirst = true; ; isFirst = false) {
        try {
          const version = seen.current;
          const answer = await send(changed, { header: { "if-match": `"${version}"` }, version });
          setMeanwhile(undefined);
          return answer;
        } catch (error) {
          if (!isChangedMeanwhile(error)) throw error;
          const theirs = await read();
          const isElsewhere = Object.keys(changesOf(fieldsOf(base), fieldsOf(theirs))).length === 0;
          if (!isFirst || !isElsewhere || isHidden) {
            setMeanwhile({ theirs, mine: Object.keys(changed), isHidden });
            throw error;
          }
          // The change is not in a field of this form (often the same person made it elsewhere), so saving overwrites nothing of it.
          seen.current = theirs.updated_at;
        }
      }
    },
    goOnFrom(next, own) {
      setMeanwhile(undefined);
      if (Object.keys(changesOf(fieldsOf(base), fieldsOf(next))).some((field) => field !== own)) return;
      seen.current = next.updated_at;
      setKept(next);
    },
    notice({ onKeep, onTake }) {
      if (!meanwhile) return null;
      const { theirs, mine, isHidden } = meanwhile;
      return (
        <ChangedMeanwhile
          was={fieldsOf(base)}
          now={fieldsOf(theirs)}
          mine={mine}
          isHidden={isHidden}
          onKeep={() => {
            seen.current = theirs.updated_at;
            onKeep();
          }}
          onTake={() => {
            seen.current = theirs.updated_at;
            setKept(theirs);
            setMeanwhile(undefined);
            onTake(theirs, Object.keys(changesOf(fieldsOf(base), fieldsOf(theirs))));
          }}
        />
      );
    },
  };
}

export const isChangedMeanwhile = (error: unknown): boolean =>
  error instanceof ApiFailure && error.code === "changed_meanwhile";

/** Whether a text was parsed into an object; the API refuses what was not. */
export const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is sent of an object that was edited as text; undefined: nothing was changed. */
export function bodyOfText<Fields>(value: unknown, changed: Partial<Fields>): Partial<Fields> | undefined {
  if (!isObject(value)) return value as Partial<Fields>;
  return Object.keys(changed).length === 0 ? undefined : changed;
}

/** The fields of `after` that are not as in `before`. */
const changesOf = <Fields extends object>(before: Fields, after: Fields): Partial<Fields> =>
  Object.fromEntries(
    Object.entries(after).filter(
      ([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field as keyof Fields]),
    ),
  ) as Partial<Fields>;
