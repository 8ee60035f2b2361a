import { createOwnedRegistry, type OwnedRegistry } from "../owned-registry.ts";
import type { Skill } from "./skill.ts";

/** The skills of this server; an integration's come and go with it. */
export type Skills = OwnedRegistry<Skill>;

export const createSkills = (): Skills => createOwnedRegistry("Skill");
