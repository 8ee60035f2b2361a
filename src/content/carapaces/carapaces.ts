import { createOwnedRegistry, type OwnedRegistry } from "../owned-registry.ts";
import type { Carapace } from "./carapace.ts";

/** The carapaces of this server; an integration's come and go with it. */
export type Carapaces = OwnedRegistry<Carapace>;

export const createCarapaces = (): Carapaces => createOwnedRegistry("Carapace");
