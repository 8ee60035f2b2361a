import { createOwnedRegistry, type OwnedRegistry } from "../owned-registry.ts";
import type { Template } from "./template.ts";

/** The templates of this server. Those of an integration are present while it is live. */
export type Templates = OwnedRegistry<Template>;

export const createTemplates = (): Templates => createOwnedRegistry("Template");
