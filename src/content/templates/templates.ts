import { createOwnedRegistry, type OwnedRegistry } from "../owned-registry.ts";
import type { Template } from "./template.ts";

/** The templates of this server; an integration's come and go with it. */
export type Templates = OwnedRegistry<Template>;

export const createTemplates = (): Templates => createOwnedRegistry("Template");
