import type { ContextInput, Source } from "./source.ts";

/** The texts of pinned skills. */
export const pinnedSkills: Source = ({ skills }) => skills.map(inFull);

/** The texts of the skills that the message asks for. */
export const askedSkills: Source = ({ askedSkills }) => askedSkills.map(inFull);

const inFull = ({ id, name, text }: ContextInput["skills"][number]) => `Skill "${name}" (${id}):\n\n${text}`;
