// Events of integrations: written beside what they are about, in the same transaction where there is one.

/** An event that an integration publishes. */
export interface OwnEvent {
  integrationId: string;
  /** Such as "card.moved"; its type is then "custom.<integration>.card.moved". */
  name: string;
  data: object;
  channelId: string | null;
  /** What a key needs to see it. */
  scope: string;
}

/** The first word of the types of integrations' events. */
export const CUSTOM = "custom";

/** Writes the event with `run`, which may be in a transaction with another search path. */
export async function writeOwnEvent(
  run: (text: string, values: unknown[]) => Promise<unknown>,
  { integrationId, name, data, channelId, scope }: OwnEvent,
): Promise<void> {
  await run(
    `insert into public.events (type, integration_id, channel_id, scope, data)
     values ($1::text, $2::text, $3::uuid, $4::text, $5::text::jsonb)`,
    [`${CUSTOM}.${integrationId}.${name}`, integrationId, channelId, scope, JSON.stringify(data)],
  );
}
