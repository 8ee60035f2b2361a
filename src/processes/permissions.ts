import { scopesOf } from "../integrations/manifest/manifest.ts";
import type { SetupManifest } from "../sdk/manifest.ts";

/** The scopes for a manifest without any: enough to inject events and documents and to follow the tasks. */
const USUAL = ["sessions:write", "documents:write", "tasks:read"];

/** The scopes of an integration's process: those that its manifest asks for, its own store, and the people of its service. */
export const processScopes = ({
  id,
  setup,
}: {
  id: string;
  setup: SetupManifest | null;
}): readonly string[] => [
  ...(setup?.api_permissions === undefined ? USUAL : scopesOf(setup)),
  `integrations.${id}.store:write`,
  "people:read",
  "people:use",
];
