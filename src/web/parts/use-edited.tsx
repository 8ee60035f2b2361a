// What a person edits while others may change it: nobody's work is overwritten without a word.

import { type ReactNode, useRef, useState } from "react";
import { isChangedMeanwhile } from "../api/failure.ts";
import { changesOf, withoutTheirs } from "./changed-fields.ts";
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
  /** Whether nobody is shown what is stored in this field. Default: everything is shown. */
  isSecret?(field: keyof Fields): boolean;
  /** Whether the form also sends something that is no field of it, and is not shown either, such as a key. */
  sendsSecret?: boolean;
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

interface Choices<One, Fields> {
  /** Saves again, now over what the others have stored. */
  onKeep(): void;
  /** What the form holds, as it is passed to `save`. */
  mine(): Partial<Fields>;
  /** Puts what the others have stored into the form. Of its own fields it keeps only those that the others have not changed. */
  onTake(theirs: One, kept: Partial<Fields>): void;
}

export interface Edited<One, Fields> {
  /** Sends only what differs from what was there when editing began. */
  save<Answer>(
    fields: Fields,
    send: (changed: Partial<Fields>, seen: Seen) => Promise<Answer>,
  ): Promise<Answer>;
  /** What the others have changed, and the choice; nothing unless the last save was refused for that. */
  notice(choices: Choices<One, Fields>): ReactNode;
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
  isSecret = () => false,
  sendsSecret = false,
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
      const isHidden = sendsSecret || Object.keys(changed).some((field) => isSecret(field as keyof Fields));
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
    notice({ onKeep, mine: inForm, onTake }) {
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
            let typed: Partial<Fields>;
            try {
              typed = inForm();
            } catch {
              // It is no longer what could be sent. Saving says what is wrong with it, and where.
              return onKeep();
            }
            seen.current = theirs.updated_at;
            setKept(theirs);
            setMeanwhile(undefined);
            const was = fieldsOf(base);
            onTake(theirs, withoutTheirs({ mine: typed, was, theirs: fieldsOf(theirs), isSecret }));
          }}
        />
      );
    },
  };
}

/** Whether a text was parsed into an object; the API refuses what was not. */
export const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is sent of an object that was edited as text; undefined: nothing was changed. */
export function bodyOfText<Fields>(value: unknown, changed: Partial<Fields>): Partial<Fields> | undefined {
  if (!isObject(value)) return value as Partial<Fields>;
  return Object.keys(changed).length === 0 ? undefined : changed;
}
