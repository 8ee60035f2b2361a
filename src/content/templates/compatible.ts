import { integrationTag, type Template } from "./template.ts";

/** The facts about an integration that decide whether a template fits it. */
export interface TemplateIntegration {
  id: string;
  version: string | null;
  /** `activation.compatible_templates` of its manifest: ids or tags of templates. */
  compatibleTemplates: readonly string[];
}

/**
 * Whether a template is made for an integration: the template names it, or the integration names the template or one of
 * its tags; and the integration has at least the version that the template requires.
 */
export function isCompatible(template: Template, integration: TemplateIntegration): boolean {
  return isMadeFor(template, integration) && hasVersion(template.min_versions[integration.id], integration);
}

/** Like isCompatible, but ignores versions. */
export function isMadeFor({ id, tags }: Template, integration: TemplateIntegration): boolean {
  return (
    tags.includes(integrationTag(integration.id)) ||
    integration.compatibleTemplates.some((name) => name === id || tags.includes(name))
  );
}

function hasVersion(least: string | undefined, { version }: TemplateIntegration): boolean {
  return least === undefined || (version !== null && compareVersions(version, least) >= 0);
}

/** Compares the numbers between the dots: negative, zero or positive. Missing numbers are 0; a suffix ("-beta") is ignored. */
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
