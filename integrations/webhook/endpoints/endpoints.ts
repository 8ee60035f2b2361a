// Creates, changes and deletes endpoints in the integration's store.

import { getOrCreateSession, store } from "heddle/sdk";
import { clientIdOf } from "../client-id.ts";
import { faultIn } from "../prompt.ts";
import type { Changes, Endpoint, NewEndpoint } from "./endpoint.ts";
import { findPreset, PRESET_NAMES, type Preset, type PresetName } from "./presets.ts";
import {
  changeSecrets,
  deleteSecrets,
  faultInSecret,
  forgetDispatch,
  newSecret,
  readSecrets,
  withoutSecrets,
  withSecrets,
} from "./secrets.ts";

/** The outcome of a change: the endpoint, or why it was refused. */
export type Changed =
  | { is: "done"; endpoint: Endpoint; secret?: string }
  | { is: "unknown" }
  | { is: "taken" }
  /** Somebody else has changed it since it was read. */
  | { is: "changed" }
  | { is: "wrong"; field: string; message: string };

const PREFIX = "endpoint/";
const keyOf = (name: string): string => `${PREFIX}${name}`;
const MAX_SECRETS = 5;

export const findEndpoint = (name: string): Promise<Endpoint | undefined> => store.get<Endpoint>(keyOf(name));

/** Sorted by name; the next page begins after the last name of this one. */
export async function listEndpoints(limit: number, after: string | undefined): Promise<Endpoint[]> {
  const page = { prefix: PREFIX, limit, ...(after !== undefined && { after: keyOf(after) }) };
  return (await store.list<Endpoint>(page)).map(({ value }) => value);
}

/** `secret` in the result is one that was created here, to be shown this once. */
export async function createEndpoint({ preset, ...given }: NewEndpoint): Promise<Changed> {
  const { verifier, prompt_template, ...rest } = { ...(preset && fieldsOf(preset)), ...given };
  if (!verifier) return missing("verifier");
  if (prompt_template === undefined) return missing("prompt_template");
  const wanted = { ...rest, verifier, prompt_template };
  if (await findEndpoint(wanted.name)) return { is: "taken" };
  const made = wanted.secrets ? undefined : newSecret(wanted.verifier);
  const secrets = wanted.secrets ?? [made ?? ""];
  for (const [at, secret] of secrets.entries()) {
    const fault = faultInSecret(wanted.verifier, secret);
    if (fault) return { is: "wrong", field: `secrets.${at}`, message: fault };
  }
  const now = new Date().toISOString();
  const ids = secrets.map(() => crypto.randomUUID());
  const fresh: Endpoint = {
    id: crypto.randomUUID(),
    name: wanted.name,
    enabled: true,
    preset: preset ?? null,
    verifier: wanted.verifier,
    secrets: ids.map((id) => ({ id, created_at: now })),
    bot_id: "default",
    prompt_template: wanted.prompt_template,
    idempotency_pointer: null,
    session_pointer: null,
    dispatch_config: null,
    execution_config: null,
    created_at: now,
    updated_at: now,
  };
  const changed = await applied(fresh, wanted);
  if (changed.is !== "done") return changed;
  // The secrets are stored first, under a new id, so that an endpoint can be used as soon as it exists.
  const signing = Object.fromEntries(ids.map((id, at) => [id, secrets[at] ?? ""]));
  await changeSecrets(fresh.id, (sealed) => ({ ...sealed, signing }));
  const stored = await store.update<Endpoint>(keyOf(fresh.name), (known) => known ?? changed.endpoint);
  if (stored?.id === fresh.id) return { ...changed, ...(made !== undefined && { secret: made }) };
  await deleteSecrets(fresh.id);
  return { is: "taken" };
}

const missing = (field: string): Changed => ({
  is: "wrong",
  field,
  message: `${field} must be given unless there is a preset, which is one of ${PRESET_NAMES.join(", ")}.`,
});

function fieldsOf(name: PresetName): Partial<NewEndpoint> {
  const { verifier, prompt_template, idempotency_pointer, session_pointer, execution_config } = findPreset(
    name,
  ) as Preset;
  return {
    verifier: verifier as NewEndpoint["verifier"],
    prompt_template,
    idempotency_pointer,
    session_pointer,
    execution_config,
  };
}

/** `asRead`: the `updated_at` that the endpoint must still have; undefined: whatever is there. */
export async function changeEndpoint(name: string, changes: Changes, asRead?: string): Promise<Changed> {
  const known = await findEndpoint(name);
  if (!known) return { is: "unknown" };
  const isOther = ({ updated_at }: Endpoint) => asRead !== undefined && updated_at !== asRead;
  if (isOther(known)) return { is: "changed" };
  const { verifier } = changes;
  if (verifier) {
    const { signing } = await readSecrets(known.id);
    const fault = Object.values(signing)
      .map((secret) => faultInSecret(verifier, secret))
      .find((found) => found !== undefined);
    if (fault)
      return {
        is: "wrong",
        field: "verifier",
        message: `The endpoint's secrets must fit the verifier: ${fault}`,
      };
  }
  const changed = await applied(known, changes);
  if (changed.is !== "done") return changed;
  // Only the requested fields: someone else may be changing another one at the same time.
  const fields: (keyof Endpoint)[] = Object.keys(changes) as (keyof Changes)[];
  const isRedirected = changes.dispatch_config !== undefined;
  if (isRedirected) fields.push("dispatch_id");
  const own = Object.fromEntries(fields.map((field) => [field, changed.endpoint[field]]));
  let isLate = false;
  let replaced: string | undefined;
  const kept = await keep(name, known.id, (current) => {
    isLate = isOther(current);
    replaced = current.dispatch_id;
    return isLate ? current : { ...current, ...own };
  });
  if (kept.is !== "done") await deleteSecrets(known.id);
  else if (isRedirected) await forgetDispatch(known.id, isLate ? changed.endpoint.dispatch_id : replaced);
  return isLate ? { is: "changed" } : kept;
}

export async function deleteEndpoint(name: string): Promise<boolean> {
  const known = await findEndpoint(name);
  if (!known || !(await store.delete(keyOf(name)))) return false;
  await deleteSecrets(known.id);
  return true;
}

/** For rotation: the new secret is accepted at once, in addition to the others. */
export async function addSecret(name: string, given: string | undefined): Promise<Changed> {
  const known = await findEndpoint(name);
  if (!known) return { is: "unknown" };
  if (known.secrets.length >= MAX_SECRETS) {
    return {
      is: "wrong",
      field: "secret",
      message: `An endpoint must have at most ${MAX_SECRETS} secrets; delete one first.`,
    };
  }
  const secret = given ?? newSecret(known.verifier);
  const fault = faultInSecret(known.verifier, secret);
  if (fault) return { is: "wrong", field: "secret", message: fault };
  const id = crypto.randomUUID();
  await changeSecrets(known.id, (sealed) => ({ ...sealed, signing: { ...sealed.signing, [id]: secret } }));
  const changed = await keep(name, known.id, (current) => ({
    ...current,
    secrets: [...current.secrets, { id, created_at: new Date().toISOString() }],
  }));
  if (changed.is !== "done") await deleteSecrets(known.id);
  return changed.is === "done" && given === undefined ? { ...changed, secret } : changed;
}

/** The last secret may be deleted as well; then nothing is accepted. */
export async function deleteSecret(name: string, secretId: string): Promise<Changed> {
  const known = await findEndpoint(name);
  if (!known?.secrets.some(({ id }) => id === secretId)) return { is: "unknown" };
  await changeSecrets(known.id, (sealed) => ({
    ...sealed,
    signing: Object.fromEntries(Object.entries(sealed.signing).filter(([id]) => id !== secretId)),
  }));
  return keep(name, known.id, (current) => ({
    ...current,
    secrets: current.secrets.filter(({ id }) => id !== secretId),
  }));
}

/** Overwrites the endpoint, unless it was deleted in the meantime. */
async function keep(name: string, id: string, change: (current: Endpoint) => Endpoint): Promise<Changed> {
  const stored = await store.update<Endpoint>(keyOf(name), (current) =>
    current?.id === id ? stamped(current, change(current)) : current,
  );
  return stored?.id === id ? { is: "done", endpoint: stored } : { is: "unknown" };
}

/** The time of a change is later than that of the last one, whatever the clocks say. */
function stamped(before: Endpoint, after: Endpoint): Endpoint {
  if (after === before) return before;
  const now = Math.max(Date.now(), Date.parse(before.updated_at) + 1);
  return { ...after, updated_at: new Date(now).toISOString() };
}

/** Returns the endpoint with the changes, after checking that everything in it works. */
async function applied(endpoint: Endpoint, changes: Changes): Promise<Changed> {
  const { enabled, verifier, bot_id, prompt_template, dispatch_config } = changes;
  const fault = prompt_template === undefined ? undefined : faultIn(prompt_template);
  if (fault) return { is: "wrong", field: "prompt_template", message: fault };
  const changed: Endpoint = {
    ...endpoint,
    ...(enabled !== undefined && { enabled }),
    ...(verifier !== undefined && { verifier }),
    ...(bot_id !== undefined && { bot_id }),
    ...(prompt_template !== undefined && { prompt_template }),
    ...given(changes, "idempotency_pointer"),
    ...given(changes, "session_pointer"),
    ...given(changes, "execution_config"),
  };
  const target = dispatch_config === undefined ? await dispatchConfigOf(endpoint) : dispatch_config;
  // Throws if the bot or the target does not exist: whoever creates the endpoint must be told, not the sender.
  await getOrCreateSession({
    clientId: clientIdOf(endpoint.name, null),
    botId: changed.bot_id,
    dispatchConfig: target ?? { type: "none" },
  });
  if (dispatch_config === undefined) return { is: "done", endpoint: changed };
  const { config, secrets } = dispatch_config
    ? withoutSecrets(dispatch_config)
    : { config: null, secrets: {} };
  // Under an id of their own: until the endpoint is stored, its dispatch_config still needs the former ones.
  const dispatch_id = crypto.randomUUID();
  await changeSecrets(endpoint.id, (sealed) => ({
    ...sealed,
    dispatches: { ...sealed.dispatches, [dispatch_id]: secrets },
  }));
  return { is: "done", endpoint: { ...changed, dispatch_config: config, dispatch_id } };
}

/** Null is a change, too: it removes a field. */
function given<Key extends keyof Changes>(changes: Changes, key: Key): Pick<Changes, Key> {
  return (changes[key] === undefined ? {} : { [key]: changes[key] }) as Pick<Changes, Key>;
}

/** Includes the secrets. */
export async function dispatchConfigOf(endpoint: Endpoint): Promise<Endpoint["dispatch_config"]> {
  const { id, name, dispatch_config, dispatch_id } = endpoint;
  if (!dispatch_config) return null;
  const { dispatch, dispatches = {} } = await readSecrets(id);
  if (dispatch_id === undefined) return withSecrets(dispatch_config, dispatch);
  const secrets = dispatches[dispatch_id];
  if (secrets) return withSecrets(dispatch_config, secrets);
  // It was changed after it had been read.
  const current = await findEndpoint(name);
  if (current?.id === id && current.dispatch_id !== dispatch_id) return dispatchConfigOf(current);
  throw new Error(`The endpoint ${name} was deleted.`);
}
