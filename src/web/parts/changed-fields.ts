// What two people have changed of one object, field by field.

/** The fields of `after` that are not as in `before`. */
export const changesOf = <Fields extends object>(before: Fields, after: Partial<Fields>): Partial<Fields> =>
  Object.fromEntries(
    Object.entries(after).filter(
      ([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field as keyof Fields]),
    ),
  ) as Partial<Fields>;

interface Versions<Fields> {
  mine: Partial<Fields>;
  /** When editing began, and as somebody else has stored it since. */
  was: Fields;
  theirs: Fields;
  /** Fields of which nobody is shown what is stored. */
  isSecret(field: keyof Fields): boolean;
}

/** What stays of mine when theirs counts: whatever they have not changed, as far as that can be seen. */
export function withoutTheirs<Fields extends object>({
  mine,
  was,
  theirs,
  isSecret,
}: Versions<Fields>): Partial<Fields> {
  const changed = changesOf(was, theirs);
  return Object.fromEntries(
    Object.entries(mine).filter(([field]) => !(field in changed || isSecret(field as keyof Fields))),
  ) as Partial<Fields>;
}
