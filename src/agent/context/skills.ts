import { type Source, system } from "./source.ts";

/** Whole texts: of the skills that the message names, and of those that are pinned. */
export const skills: Source = ({ skills }) =>
  skills.flatMap(({ id, name, text }) => system(`Skill "${name}" (${id}):\n\n${text}`));
