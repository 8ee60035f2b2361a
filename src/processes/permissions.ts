import { SCOPE_PRESETS, type ScopePreset } from "../scopes.ts";

/** For a manifest that says nothing: hand in what happened, and see what became of it. */
const USUAL = ["sessions:write", "documents:write", "tasks:read"];

/** What the key of an integration's process may do, by `api_permissions` of its manifest. */
export function scopesOf(permissions: string | readonly string[] | undefined): readonly string[] {
  if (permissions === undefined) return USUAL;
  const wanted = typeof permissions === "string" ? [permissions] : permissions;
  return wanted.flatMap((name) => (isPreset(name) ? SCOPE_PRESETS[name] : [name]));
}

const isPreset = (name: string): name is ScopePreset => Object.hasOwn(SCOPE_PRESETS, name);
