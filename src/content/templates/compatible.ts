import { integrationTag, type Template } from "./template.ts";

/** As far as templates need to know an integration. */
export interface TemplateIntegration {
  id: string;
  version: string | null;
  /** `activation.compatible_templates` of its manifest: ids or tags of templates. */
  compatibleTemplates: readonly string[];
}

/**
 * Whether a template is made for an integration: it names it, or the integration names the template or one of its
 * tags; and the integration's version is not below the least one that the template says.
 */
export function isCompatible(template: Template, integration: TemplateIntegration): boolean {
  return isMadeFor(template, integration) && hasVersion(template.min_versions[integration.id], integration);
}

/** Whatever the versions. */
export function isMadeFor({ id, tags }: Template, integration: TemplateIntegration): boolean {
  return (
    tags.includes(integrationTag(integration.id)) ||
    integration.compatibleTemplates.some((name) => name === id || tags.includes(name))
  );
}

function hasVersion(least: string | undefined, { version }: TemplateIntegration): boolean {
  return least === undefined || (version !== null && compareVersions(version, least) >= 0);
}

/** Negative, zero or positive: by the numbers between the dots; what is missing is 0, a suffix ("-beta") counts nothing. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const numbersOf = (version: string): number[] =>
  version
    .replace(/^v/i, "")
    .replace(/[-+].*/, "")
    .split(".")
    .map((part) => Number.parseInt(part, 10) || 0);
