import { isScope, SCOPE_PRESETS } from "../access/scopes.ts";
import { HeddleError } from "../errors.ts";
import { nearest } from "../schema/nearest.ts";

const PRESETS = Object.keys(SCOPE_PRESETS);
const CHOICE = `admin for everything; a preset (${PRESETS.join(", ")}); or scopes such as sessions:write,tasks:read`;

/** The help of `--scopes`. */
export const SCOPES_HELP = `What the key may do: ${CHOICE}`;

/** Returns the scopes that `--scopes` names. There is no default: an all-powerful key must be asked for explicitly. */
export function scopesOf(given: string | undefined): string[] {
  if (given === undefined) throw refused(`--scopes is missing. It must be ${CHOICE}.`);
  const words = given.split(",").map((word) => word.trim());
  return [...new Set(words.flatMap(scopesOfWord))];
}

function scopesOfWord(word: string): readonly string[] {
  if (isPreset(word)) return SCOPE_PRESETS[word];
  if (isScope(word)) return [word];
  const meant = nearest(word, PRESETS);
  const hint = meant === undefined ? "" : ` Did you mean ${meant}?`;
  throw refused(`--scopes must be ${CHOICE}; got "${word}".${hint}`);
}

const isPreset = (word: string): word is keyof typeof SCOPE_PRESETS => Object.hasOwn(SCOPE_PRESETS, word);

const refused = (message: string): HeddleError => new HeddleError("config", message, { field: "scopes" });
