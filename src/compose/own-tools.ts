// Heddle's own tools that need nothing but content and the database.

import { keptResult } from "../agent/kept-results.ts";
import { createFetchUrlTool } from "../agent/tools/builtin/fetch-url.ts";
import { createGetSkillTool } from "../agent/tools/builtin/get-skill.ts";
import { createIngestDocumentTool } from "../agent/tools/builtin/ingest-document.ts";
import { createReadToolResultTool } from "../agent/tools/builtin/read-tool-result.ts";
import { createSearchDocumentsTool } from "../agent/tools/builtin/search-documents.ts";
import { createGetToolInfoTool, createSearchToolsTool } from "../agent/tools/builtin/search-tools.ts";
import { createToolRanking } from "../agent/tools/ranking.ts";
import type { Tool, ToolRegistry } from "../agent/tools/registry.ts";
import type { ReadPdf } from "../attachments/read-files.ts";
import type { Skills } from "../content/skills/skills.ts";
import type { GuardedFetch } from "../guarded-fetch/fetch.ts";
import type { Documents } from "../search/documents.ts";
import type { Storage } from "./storage.ts";

interface OwnTools extends Pick<Storage, "db"> {
  documents: Documents;
  skills: Skills;
  tools: ToolRegistry;
  guardedFetch: GuardedFetch;
  readPdf: ReadPdf;
}

export function ownTools({ db, documents, skills, tools, guardedFetch, readPdf }: OwnTools): Tool[] {
  const toFind = { list: tools.list, get: tools.get, rank: createToolRanking() };
  return [
    createSearchDocumentsTool((wanted, { session_id }) =>
      documents.search({ ...wanted, visibleIn: session_id }),
    ),
    createIngestDocumentTool(documents.ingest),
    createGetSkillTool(skills),
    createSearchToolsTool(toFind),
    createGetToolInfoTool(toFind),
    createFetchUrlTool(guardedFetch, readPdf),
    createReadToolResultTool((wanted) => keptResult(db.query, wanted)),
  ];
}
