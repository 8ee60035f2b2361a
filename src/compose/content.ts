// The registries that files and integrations fill (tools, dispatchers, hooks, skills, carapaces, templates), bots,
// documents, and the workspace that bots write in.

import { createSendFileTool } from "../agent/tools/builtin/send-file.ts";
import { createWorkspaceTools } from "../agent/tools/builtin/workspace.ts";
import { createToolRegistry } from "../agent/tools/registry.ts";
import type { SpendOutside } from "../budgets/outside-runs.ts";
import type { Config } from "../config/config.ts";
import { createBots } from "../content/bots/bots.ts";
import { createCarapaces } from "../content/carapaces/carapaces.ts";
import { openCoreContent } from "../content/core-content.ts";
import { createHomeFiles } from "../content/home-files.ts";
import { createSkills } from "../content/skills/skills.ts";
import { createTemplates } from "../content/templates/templates.ts";
import { noneDispatcher } from "../dispatch/core/none.ts";
import { createWebhookDispatcher } from "../dispatch/core/webhook.ts";
import { createDispatchers } from "../dispatch/registry.ts";
import { createGuardedFetch } from "../guarded-fetch/fetch.ts";
import { createGuardedPost } from "../guarded-fetch/post.ts";
import { createHooks } from "../hooks/hooks.ts";
import { createHookWebhooks } from "../hooks/webhooks.ts";
import { createIntegrationsOnDisk } from "../integrations/discovery/on-disk.ts";
import { builtinDir } from "../runtime/assets.ts";
import { closeToImports } from "../runtime/modules.ts";
import { createOverwritten } from "../workspace/overwritten.ts";
import { createWorkspace } from "../workspace/workspace.ts";
import { createWorkspaceWrites } from "../workspace/writes.ts";
import type { Closers } from "./closers.ts";
import { openMemories } from "./memories.ts";
import type { Models } from "./models.ts";
import { ownTools } from "./own-tools.ts";
import { openPdfReader } from "./pdf-reader.ts";
import { openSearch } from "./search.ts";
import type { Storage } from "./storage.ts";

export type Content = Awaited<ReturnType<typeof openContent>>;

export async function openContent(
  config: Config,
  storage: Storage,
  models: Models,
  spend: SpendOutside,
  closers: Closers,
) {
  const { home, db, log, signingSecret } = storage;
  const guardedFetch = createGuardedFetch({ allowPrivateHosts: config.allowPrivateHosts });
  const guardedPost = createGuardedPost(guardedFetch);
  const tools = createToolRegistry();
  const skills = createSkills();
  const carapaces = createCarapaces();
  const templates = createTemplates();
  const hooks = openHooks(config, storage, guardedPost, closers);
  const coreDispatchers = {
    none: noneDispatcher,
    webhook: createWebhookDispatcher({ post: guardedPost, signingSecret }),
  };
  const dispatchers = createDispatchers(coreDispatchers);
  const { documents, reindex, embeddings, copying, finding } = await openSearch(
    config,
    storage,
    models,
    spend,
    closers,
  );
  const readPdf = openPdfReader(config, storage);
  const own = ownTools({ db, documents, skills, tools, guardedFetch, readPdf });
  for (const tool of own) tools.add("core", tool);
  const bots = createBots(db.query);
  const coreContent = await openCoreContent({
    folders: [
      { dir: await builtinDir("manifests", home.path), origin: { kind: "builtin" } },
      { dir: home.path, origin: { kind: "home" } },
    ],
    sinks: { skills, carapaces, templates, bots },
    log: log.getChild("content"),
  });
  closers.push(coreContent.close);
  const homeFiles = createHomeFiles({
    home: home.path,
    items: { skills, carapaces, templates },
    reload: coreContent.reload,
  });

  const onDisk = createIntegrationsOnDisk();
  const writes = createWorkspaceWrites(db);
  const workspace = await createWorkspace({
    dir: home.workspace,
    writes,
    overwritten: createOverwritten({ dir: home.overwritten }),
    whyNotIntegration: (id) => {
      const source = onDisk.get(id)?.source ?? "workspace";
      return source === "workspace" ? undefined : `The integration "${id}" is not one of the workspace.`;
    },
  });
  closeToImports(workspace.root);
  for (const tool of [...createWorkspaceTools(workspace), createSendFileTool(workspace)])
    tools.add("core", tool);
  const memories = openMemories(storage, workspace, { ...copying, ...finding }, closers);
  for (const tool of memories.tools) tools.add("core", tool);
  return {
    tools,
    skills,
    carapaces,
    templates,
    hooks,
    coreDispatchers,
    dispatchers,
    documents,
    reindex,
    embeddings,
    copying,
    bots,
    readPdf,
    coreContent,
    homeFiles,
    onDisk,
    writes,
    workspace,
    memories,
  };
}

function openHooks(
  { hookWebhookUrls: urls, hookWebhookSecret: secret }: Config,
  { log: serverLog, redactor: { redact } }: Storage,
  post: ReturnType<typeof createGuardedPost>,
  closers: Closers,
) {
  const log = serverLog.getChild("hooks");
  const webhooks = createHookWebhooks({ urls, secret, post, log });
  closers.push(webhooks.close);
  const hooks = createHooks({ log, redact, ...(urls.length > 0 && { onEvent: webhooks.send }) });
  closers.push(hooks.close);
  return hooks;
}
