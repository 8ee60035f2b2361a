// GitLab carries out lines such as "/merge" in whatever a token posts. What a bot writes may have been put into its mouth by a
// stranger, so that such lines only ever are text.

const ACTION = /^([ \t]{0,20})\/(?=[a-z_]{1,60}(?:[ \t\r]|$))/gim;

/** Returns Markdown that looks the same and in which no line is a quick action. */
export const withoutQuickActions = (markdown: string): string => markdown.replace(ACTION, "$1\\/");
