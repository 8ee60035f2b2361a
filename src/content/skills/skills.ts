import { createOwnedRegistry, type OwnedRegistry } from "../owned-registry.ts";
import type { Skill } from "./skill.ts";

/** The skills of this server. Those of an integration are present while it is live. */
export type Skills = OwnedRegistry<Skill>;

export const createSkills = (): Skills => createOwnedRegistry("Skill");
