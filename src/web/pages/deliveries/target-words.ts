/** Where a delivery goes, in a few words, so that two answers with the same text can be told apart. */
export function targetWords(delivery: {
  dispatch_type: string;
  dispatch_config: Readonly<Record<string, unknown>>;
}): string {
  const words = leaves(delivery.dispatch_config);
  return words.length === 0
    ? `To ${delivery.dispatch_type}`
    : `To ${delivery.dispatch_type}: ${words.join(", ")}`;
}

/** What somebody would know a target by: neither a kind, nor a masked secret, nor a switch. */
function leaves(config: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(config).flatMap(([key, value]) => {
    if (key === "type" || value === null) return [];
    if (typeof value === "object" && !Array.isArray(value)) return leaves(value as Record<string, unknown>);
    if (typeof value === "number") return [String(value)];
    return typeof value === "string" && value !== "" && !/^\*+$/.test(value) ? [value] : [];
  });
}
