import type { components } from "../../api/openapi.gen.ts";

type Written = components["schemas"]["NewPolicy"];

/** What a new policy has where its text says nothing. */
const UNSET: Required<Omit<Written, "name" | "effect">> = {
  ...{ enabled: true, priority: 100, tools: ["*"], kinds: null, bot_id: null, channel_id: null },
  ...{ integration_id: null, tainted: null, arguments: {}, reason: null },
  approval: { timeout_seconds: 3_600, on_timeout: "deny", approvers: [] },
};

/** A policy's text with all of its fields: one that was taken out of it is unset, and not left as it was. */
export function wholeOf(text: object): Written {
  const { approval } = text as Partial<Written>;
  return {
    ...UNSET,
    ...(text as Written),
    approval: isTerms(approval) ? { ...UNSET.approval, ...approval } : (approval ?? UNSET.approval),
  };
}

/** What is not an object is for the API to refuse. */
const isTerms = (approval: unknown): boolean => typeof approval === "object" && !Array.isArray(approval);
