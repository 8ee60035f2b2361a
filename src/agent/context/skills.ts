import { type Source, system } from "./source.ts";

/** The full texts of the skills that the message names and of pinned skills. */
export const skills: Source = ({ skills }) =>
  skills.flatMap(({ id, name, text }) => system(`Skill "${name}" (${id}):\n\n${text}`));
