import { CONTENT_RULES } from "./rules/content.ts";
import { DEFAULT_RULES } from "./rules/defaults.ts";
import { DISPATCH_RULES } from "./rules/dispatch.ts";
import { PART_RULES } from "./rules/parts.ts";
import { PEOPLE_RULES } from "./rules/people.ts";
import type { Rule } from "./rules/rule.ts";
import { SECRET_RULES } from "./rules/secrets.ts";
import { SETTING_RULES } from "./rules/settings.ts";
import { WEBHOOK_RULES } from "./rules/webhooks.ts";

/** Everything that `heddle check` looks at without starting anything. */
export const RULES: readonly Rule[] = [
  ...PART_RULES,
  ...CONTENT_RULES,
  ...DISPATCH_RULES,
  ...SETTING_RULES,
  ...DEFAULT_RULES,
  ...WEBHOOK_RULES,
  ...SECRET_RULES,
  ...PEOPLE_RULES,
];
