import { createOwnedRegistry, type OwnedRegistry } from "../owned-registry.ts";
import type { Carapace } from "./carapace.ts";

/** The carapaces of this server. Those of an integration are present while it is live. */
export type Carapaces = OwnedRegistry<Carapace>;

export const createCarapaces = (): Carapaces => createOwnedRegistry("Carapace");
