import { type Source, system } from "./source.ts";

/** How the work in the channel is laid out. */
export const template: Source = ({ template }) =>
  template
    ? system(`How the work in this channel is laid out ("${template.name}"):\n\n${template.text}`)
    : [];
