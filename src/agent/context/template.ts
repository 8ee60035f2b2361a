import type { Source } from "./source.ts";

/** The channel's template, which describes how its work is laid out. */
export const template: Source = ({ template }) =>
  template ? [`How the work in this channel is laid out ("${template.name}"):\n\n${template.text}`] : [];
