// Activates integrations in channels. The carapaces of an activated integration apply to every run in the channel.

import { and, eq } from "drizzle-orm";
import type { Carapace } from "../content/carapaces/carapace.ts";
import type { Carapaces } from "../content/carapaces/carapaces.ts";
import type { Database } from "../db/database.ts";
import { bots, channelActivations, channels, sessions } from "../db/schema.ts";
import { HeddleError, notFound } from "../errors.ts";
import { type ActivationManifest, activationIn } from "./activated.ts";
import { type ActivationWarning, activationWarnings, onlyActivated } from "./activation-warnings.ts";
import { carapacesOf, toolsOf } from "./effective-set.ts";

/** The part of an integration that activation needs. */
export interface ActivatableIntegration {
  id: string;
  name: string;
  version: string | null;
  isLive: boolean;
  setup: { icon?: string; activation?: Partial<ActivationManifest> } | null;
}

/** What activating the integration adds to a channel. */
export interface ActivationOffer {
  integration_type: string;
  name: string;
  description: string;
  icon: string | null;
  version: string | null;
  requires_workspace: boolean;
  carapaces: string[];
  includes: string[];
  /** The tools of all its carapaces; `*` matches any text. */
  tools: string[];
  skill_count: number;
  has_system_prompt: boolean;
  compatible_templates: string[];
}

export interface AvailableOffer extends ActivationOffer {
  activated: boolean;
  is_running: boolean;
  /** What does not work while it is activated in the channel, or would not. */
  warnings: ActivationWarning[];
}

export interface Activations {
  /** Sorted by id, including activated integrations that are not running (`is_running` false). Throws `not_found`. */
  available(channelId: string): Promise<AvailableOffer[]>;
  /**
   * Idempotent. Throws `not_found` if the channel or the integration does not exist, or it has no activation manifest;
   * `conflict` if it is not running, or needs the workspace and the channel has it disabled.
   */
  activate(
    channelId: string,
    integrationId: string,
  ): Promise<{ manifest: ActivationOffer; warnings: ActivationWarning[] }>;
  /** Idempotent; also works for an integration that no longer exists. Throws `not_found`. */
  deactivate(channelId: string, integrationId: string): Promise<void>;
}

export interface ActivationsOptions {
  db: Pick<Database, "query">;
  integrations: {
    get(id: string): ActivatableIntegration | undefined;
    list(): ActivatableIntegration[];
  };
  carapaces: Carapaces;
  /** Whether a tool of this name is registered. */
  hasTool(name: string): boolean;
}

type Channel = typeof channels.$inferSelect;

export function createActivations(options: ActivationsOptions): Activations {
  const { db, integrations, carapaces } = options;
  const sources = {
    carapaces,
    activationOf: (id: string) => activationIn(integrations.get(id)?.setup),
  };

  const activatedIn = async (channelId: string): Promise<string[]> => {
    const rows = await db.query
      .select({ id: channelActivations.integration_id })
      .from(channelActivations)
      .where(eq(channelActivations.channel_id, channelId))
      .orderBy(channelActivations.created_at, channelActivations.integration_id);
    return rows.map(({ id }) => id);
  };

  function offerOf(view: ActivatableIntegration, activation: ActivationManifest): ActivationOffer {
    const { carapaces: added } = carapacesOf(sources, onlyActivated(view.id));
    return {
      integration_type: view.id,
      name: view.name,
      description: activation.description,
      icon: view.setup?.icon ?? null,
      version: view.version,
      requires_workspace: activation.requires_workspace,
      carapaces: [...activation.carapaces],
      includes: [...activation.includes],
      tools: [...new Set(added.flatMap(toolsOf))],
      skill_count: new Set(added.flatMap(skillsNamed)).size,
      has_system_prompt: added.some(({ system_prompt_fragment }) => system_prompt_fragment !== ""),
      compatible_templates: [...activation.compatible_templates],
    };
  }

  /**
   * Returns the channel's bot, or else the bots with an active session in it, or else a bot without any capabilities of
   * its own.
   */
  async function botsOf(channel: Channel) {
    const found = channel.bot_id
      ? await db.query.select().from(bots).where(eq(bots.id, channel.bot_id))
      : (
          await db.query
            .selectDistinctOn([bots.id], { bot: bots })
            .from(bots)
            .innerJoin(sessions, and(eq(sessions.bot_id, bots.id), eq(sessions.active, true)))
            .where(eq(sessions.channel_id, channel.id))
            .orderBy(bots.id)
        ).map(({ bot }) => bot);
    return found.length > 0 ? found : [{ id: null, tools: [], carapaces: [] }];
  }

  const warningsOf = (
    id: string,
    channel: Channel & { activations: string[] },
    bots: Awaited<ReturnType<typeof botsOf>>,
  ) => activationWarnings(id, { sources, channel, bots, hasTool: options.hasTool });

  async function channelOf(id: string): Promise<Channel> {
    const [channel] = await db.query.select().from(channels).where(eq(channels.id, id));
    if (!channel) throw notFound("channel", id);
    return channel;
  }

  return {
    async available(channelId) {
      const channel = await channelOf(channelId);
      const [activations, bots] = await Promise.all([activatedIn(channel.id), botsOf(channel)]);
      const activated = new Set(activations);
      const offers = integrations.list().flatMap((view): AvailableOffer[] => {
        const activation = activationIn(view.setup);
        const wasActivated = activated.delete(view.id);
        if (activation) {
          const warnings = warningsOf(view.id, { ...channel, activations: [...activations, view.id] }, bots);
          return [{ ...offerOf(view, activation), activated: wasActivated, is_running: true, warnings }];
        }
        return wasActivated ? [notRunning(view.id, view.name)] : [];
      });
      // An integration the server no longer knows can still be deactivated.
      return [...offers, ...[...activated].map((id) => notRunning(id, id))].sort((a, b) =>
        a.integration_type < b.integration_type ? -1 : 1,
      );
    },
    async activate(channelId, integrationId) {
      const channel = await channelOf(channelId);
      const view = integrations.get(integrationId);
      const activation = activationIn(view?.setup);
      if (view && !view.isLive) {
        throw new HeddleError("conflict", `The integration "${integrationId}" is not running.`);
      }
      if (!view) throw notFound("integration", integrationId);
      if (!activation) throw notFound("activation in the manifest of the integration", integrationId);
      if (activation.requires_workspace && !channel.workspace) {
        throw new HeddleError(
          "conflict",
          `"${integrationId}" needs the workspace, which is disabled in this channel: set "workspace" to true first.`,
        );
      }
      await db.query
        .insert(channelActivations)
        .values({ channel_id: channelId, integration_id: integrationId })
        .onConflictDoNothing();
      const [activations, bots] = await Promise.all([activatedIn(channelId), botsOf(channel)]);
      const warnings = warningsOf(integrationId, { ...channel, activations }, bots);
      return { manifest: offerOf(view, activation), warnings };
    },
    async deactivate(channelId, integrationId) {
      await channelOf(channelId);
      const removed = await db.query
        .delete(channelActivations)
        .where(
          and(
            eq(channelActivations.channel_id, channelId),
            eq(channelActivations.integration_id, integrationId),
          ),
        )
        .returning({ id: channelActivations.integration_id });
      if (removed.length > 0 || activationIn(integrations.get(integrationId)?.setup)) return;
      throw notFound("activated integration", integrationId);
    },
  };
}

/** The entry for an integration that is activated but not running. */
const notRunning = (id: string, name: string): AvailableOffer => ({
  integration_type: id,
  name,
  description: "",
  icon: null,
  version: null,
  requires_workspace: false,
  carapaces: [],
  includes: [],
  tools: [],
  skill_count: 0,
  has_system_prompt: false,
  compatible_templates: [],
  activated: true,
  is_running: false,
  warnings: [],
});

const skillsNamed = ({ skills }: Carapace): string[] =>
  skills.map((entry) => (typeof entry === "string" ? entry : entry.id));
