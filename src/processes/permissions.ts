import { scopesOf } from "../integrations/manifest/manifest.ts";
import type { SetupManifest } from "../sdk/manifest.ts";

/** For a manifest that says nothing: hand in what happened, and see what became of it. */
const USUAL = ["sessions:write", "documents:write", "tasks:read"];

/** What the key of an integration's process may do: what its manifest asks for, and its own store. */
export const processScopes = ({
  id,
  setup,
}: {
  id: string;
  setup: SetupManifest | null;
}): readonly string[] => [
  ...(setup?.api_permissions === undefined ? USUAL : scopesOf(setup)),
  `integrations.${id}.store:write`,
];
