// What a regular expression of a schema asks for, in words: whoever typed a name into a form need not read expressions.

/** For names that people read: a name of spaces cannot be recognised. */
export const NOT_BLANK = "\\S";

/** Expressions that are no list of characters, and each of which several schemas have. */
const KNOWN: Record<string, string> = {
  [NOT_BLANK]: "that is not blank",
  "^\\S+$": "without spaces",
  "^[^\\x00]*$": "without NUL characters",
  "^[\\x21-\\x7e]+$": "of ASCII characters without spaces",
  "^[\\x20-\\x7e\\t]*$": "of ASCII characters",
  "^https?://": "that begins with http:// or https://",
  "^https?://[^\\s]+$": "that begins with http:// or https://, without spaces",
  "^/[^?#\\s]*$": 'that begins with "/", without "?", "#" and spaces',
  "^((GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) )?/[^?#\\s]*$":
    'such as "/status" or "POST /hook/:id", without "?", "#" and other spaces',
  "^(/([^~]|~[01])*)?$": 'that is a JSON pointer such as "/ticket/id", or empty',
  "^(/([^~|]|~[01])*( [|] /([^~|]|~[01])*)*)?$":
    'that is a JSON pointer such as "/ticket/id", or several with " | " between them, or empty',
  "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "that is a day such as 2026-01-31",
};

/** One kind of characters and how many of it, or one for the first character and another for the rest. */
const CHARACTERS =
  /^\^(?:\(\?!(?:\(\?:)?([\w-]{1,100}(?:\|[\w-]{1,100}){0,9})\)?\$\))?\[([^\][\\^]{1,100})\](?:\[([^\][\\^]{1,100})\])?(?:\{(\d{1,6}),(\d{1,6})\}|([*+]))\$$/;

/** Completes "must be a string …": "of 1 to 32 digits". Undefined: there are no words for it. */
export function patternWords(pattern: string): string | undefined {
  const known = Object.hasOwn(KNOWN, pattern) ? KNOWN[pattern] : undefined;
  return known ?? charactersIn(pattern);
}

function charactersIn(pattern: string): string | undefined {
  const found = CHARACTERS.exec(pattern);
  if (!found) return undefined;
  const [, not, first = "", rest, from, to, sign] = found;
  const all = kindsIn(rest ?? first);
  const beginning = kindsIn(first);
  if (!(all && beginning)) return undefined;
  const before = rest === undefined ? 0 : 1;
  const least = before + Number(from ?? (sign === "+" ? 1 : 0));
  const most = to === undefined ? undefined : before + Number(to);
  const count =
    most !== undefined ? `${least} to ${most}` : least === 1 ? "one or more" : `at least ${least}`;
  return [
    `of ${count} ${listed(
      all.map(({ many }) => many),
      "and",
    )}`,
    before > 0 &&
      rest !== first &&
      `the first of which is ${listed(
        beginning.map(({ one }) => one),
        "or",
      )}`,
    not !== undefined &&
      `and not ${listed(
        not.split("|").map((word) => `"${word}"`),
        "or",
      )}`,
  ]
    .filter((part) => part !== false)
    .join(", ");
}

interface Kind {
  one: string;
  many: string;
}

const RANGES: [range: string, kind: Kind][] = [
  ["A-Za-z", { one: "a letter", many: "letters" }],
  ["a-zA-Z", { one: "a letter", many: "letters" }],
  ["a-z", { one: "a lower-case letter", many: "lower-case letters" }],
  ["A-Z", { one: "a capital letter", many: "capital letters" }],
  ["0-9", { one: "a digit", many: "digits" }],
];

/** Undefined: it has a range that there is no word for. */
function kindsIn(set: string): Kind[] | undefined {
  const kinds: Kind[] = [];
  let others = set;
  for (const [range, kind] of RANGES) {
    if (!others.includes(range)) continue;
    kinds.push(kind);
    others = others.replace(range, "");
  }
  if (/.-./.test(others)) return undefined;
  return [...kinds, ...[...others].map((sign) => ({ one: `"${sign}"`, many: `"${sign}"` }))];
}

function listed(words: string[], conjunction: string): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} ${conjunction} ${last}`;
}
