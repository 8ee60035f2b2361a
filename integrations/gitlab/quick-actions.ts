// GitLab carries out lines such as "/merge" in whatever a token posts. A stranger may have talked a bot into writing one, so such lines
// are always posted as plain text.

const ACTION = /^([ \t]{0,20})\/(?=[a-z_]{1,60}(?:[ \t\r]|$))/gim;

/** Returns Markdown that looks the same and in which no line is a quick action. */
export const withoutQuickActions = (markdown: string): string => markdown.replace(ACTION, "$1\\/");
