// What the name of a model means: `provider/model`, or `model` of the default provider.

import { nearest } from "../schema/nearest.ts";
import type { Provider } from "./provider.ts";

export interface NamedModel {
  provider: Provider;
  /** As the provider names it. */
  model: string;
  /** Why the name may mean something else than intended. */
  note?: string;
}

/**
 * The first part counts only if a provider has this id, because names of models contain slashes themselves
 * ("meta-llama/llama-3.3-70b-instruct"). `among` begins with the default provider and must not be empty.
 */
export function modelNamed(name: string, among: readonly Provider[]): NamedModel | undefined {
  const [usual] = among;
  if (!usual) return undefined;
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  const rest = name.slice(slash + 1);
  const provider = among.find(({ id }) => id === first);
  if (provider && rest !== "") return { provider, model: rest };
  if (slash <= 0) return { provider: usual, model: name };
  return {
    provider: usual,
    model: name,
    note: `there is no provider "${first}", so the default provider "${usual.id}" was asked for this name`,
  };
}

/** A warning about a name whose first part was probably meant to be a provider. */
export function doubtIn(name: string, among: readonly Provider[]): string | undefined {
  const found = modelNamed(name, among);
  if (!found?.note) return undefined;
  const first = name.slice(0, name.indexOf("/"));
  const meant = nearest(
    first,
    among.map(({ id }) => id),
  );
  // Behind an address of its own, a provider may have models with slashes in their names; the vendors' have none.
  if (meant === undefined && found.provider.base_url !== null) return undefined;
  const hint = meant === undefined ? "" : ` Did you mean "${meant}/${name.slice(name.indexOf("/") + 1)}"?`;
  return `There is no provider "${first}", so "${name}" is a model of the default provider "${found.provider.id}".${hint}`;
}
