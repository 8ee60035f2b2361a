/** By scope, the routes that need it. */
export const ROUTES_BY_SCOPE: Record<string, string[]> = {
  "documents:read": [
    "GET /api/v1/documents",
    "GET /api/v1/documents/search",
    "GET /api/v1/documents/{id}"
  ],
  "documents:write": [
    "POST /api/v1/documents",
    "DELETE /api/v1/documents/{id}"
  ],
  "memories:read": [
    "GET /api/v1/memories",
    "GET /api/v1/memories/{id}"
  ],
  "memories:write": [
    "DELETE /api/v1/memories/{id}",
    "POST /api/v1/memories/{id}/accept",
    "POST /api/v1/memories/{id}/reject"
  ],
  "schedules:write": [
    "POST /api/v1/schedules",
    "DELETE /api/v1/schedules/{id}",
    "PATCH /api/v1/schedules/{id}",
    "POST /api/v1/schedules/{id}/accept",
    "POST /api/v1/schedules/{id}/run"
  ],
  "schedules:read": [
    "GET /api/v1/schedules",
    "POST /api/v1/schedules/preview",
    "GET /api/v1/schedules/{id}",
    "GET /api/v1/schedules/{id}/occurrences"
  ],
  "channels.heartbeat:write": [
    "DELETE /api/v1/admin/channels/{id}/heartbeat",
    "PUT /api/v1/admin/channels/{id}/heartbeat",
    "POST /api/v1/admin/channels/{id}/heartbeat/toggle",
    "POST /api/v1/admin/channels/{id}/heartbeat/fire"
  ],
  "channels.heartbeat:read": [
    "GET /api/v1/admin/channels/{id}/heartbeat"
  ],
  "budgets:write": [
    "POST /api/v1/budgets",
    "DELETE /api/v1/budgets/{id}",
    "PATCH /api/v1/budgets/{id}",
    "POST /api/v1/budgets/{id}/extend"
  ],
  "budgets:read": [
    "GET /api/v1/budgets",
    "GET /api/v1/budgets/{id}"
  ],
  "tasks:read": [
    "GET /api/v1/tasks/{id}/fixture",
    "GET /api/v1/events",
    "GET /api/v1/tasks/{id}/stream",
    "GET /api/v1/tasks/{id}/trace",
    "GET /api/v1/tasks",
    "GET /api/v1/tasks/{id}"
  ],
  "evals:write": [
    "POST /api/v1/evals/calls",
    "POST /api/v1/evals/calls/renew",
    "POST /api/v1/evals/calls/record",
    "POST /api/v1/evals"
  ],
  "evals:read": [
    "GET /api/v1/evals",
    "GET /api/v1/evals/{id}"
  ],
  "sessions:write": [
    "POST /api/v1/sessions",
    "POST /api/v1/sessions/{id}/messages",
    "PUT /api/v1/sessions/{id}/read",
    "POST /api/v1/events"
  ],
  "sessions:read": [
    "GET /api/v1/sessions",
    "GET /api/v1/sessions/{id}",
    "GET /api/v1/sessions/{id}/messages",
    "GET /api/v1/sessions/{id}/messages/{message_id}/files/{number}"
  ],
  "channels:write": [
    "POST /api/v1/channels",
    "DELETE /api/v1/channels/{id}"
  ],
  "channels:read": [
    "GET /api/v1/channels",
    "GET /api/v1/channels/{id}"
  ],
  "channels.config:write": [
    "PATCH /api/v1/channels/{id}"
  ],
  "channels.messages:write": [
    "POST /api/v1/channels/{id}/messages",
    "POST /api/v1/channels/{id}/reset",
    "POST /api/v1/channels/{id}/compact",
    "POST /api/v1/channels/{id}/switch-session"
  ],
  "workspaces.files:read": [
    "GET /api/v1/channels/{id}/workspace/files",
    "GET /api/v1/channels/{id}/workspace/files/content"
  ],
  "workspaces.files:write": [
    "PUT /api/v1/channels/{id}/workspace/files/content"
  ],
  "channels.integrations:read": [
    "GET /api/v1/channels/integrations/available",
    "GET /api/v1/channels/{id}/integrations",
    "GET /api/v1/channels/{id}/integrations/available"
  ],
  "channels.integrations:write": [
    "POST /api/v1/channels/{id}/integrations",
    "DELETE /api/v1/channels/{id}/integrations/{binding_id}",
    "PATCH /api/v1/channels/{id}/integrations/{binding_id}",
    "POST /api/v1/channels/{id}/integrations/{binding_id}/adopt",
    "POST /api/v1/channels/{id}/integrations/{integration_id}/activate",
    "POST /api/v1/channels/{id}/integrations/{integration_id}/deactivate"
  ],
  "chat:write": [
    "POST /api/v1/chat",
    "POST /api/v1/chat/stream",
    "POST /api/v1/chat/cancel",
    "POST /api/v1/tasks/{id}/tool-results",
    "POST /api/v1/transcribe"
  ],
  "attachments:read": [
    "GET /api/v1/attachments/{id}"
  ],
  "tasks:write": [
    "POST /api/v1/tasks/{id}/cancel",
    "POST /api/v1/tasks/cancel",
    "POST /api/v1/tasks/{id}/rerun",
    "POST /api/v1/tasks/{id}/continue"
  ],
  "deliveries:read": [
    "GET /api/v1/deliveries",
    "GET /api/v1/deliveries/{id}"
  ],
  "deliveries:write": [
    "POST /api/v1/deliveries/{id}/redeliver",
    "POST /api/v1/deliveries/{id}/correct",
    "POST /api/v1/deliveries/{id}/withdraw",
    "POST /api/v1/deliveries/redeliver"
  ],
  "inbox:read": [
    "GET /api/v1/inbox",
    "GET /api/v1/inbox/{id}"
  ],
  "inbox:write": [
    "POST /api/v1/inbox/{id}/replay",
    "POST /api/v1/inbox/replay"
  ],
  "admin": [
    "POST /api/v1/admin/integrations/{id}/receive",
    "DELETE /api/v1/settings/BASE_URL",
    "PUT /api/v1/settings/BASE_URL",
    "DELETE /api/v1/admin/integrations/{id}/accounts/{name}/sign-in",
    "POST /api/v1/admin/integrations/{id}/accounts/{name}/sign-in",
    "POST /api/v1/admin/account-sign-ins",
    "POST /api/v1/admin/reindex",
    "GET /api/v1/admin/reindex",
    "POST /api/v1/admin/integrations/{id}/process/start",
    "POST /api/v1/admin/integrations/{id}/process/stop",
    "POST /api/v1/admin/integrations/{id}/process/restart",
    "PUT /api/v1/admin/integrations/{id}/process/auto-start",
    "POST /api/v1/admin/providers",
    "DELETE /api/v1/admin/providers/{id}",
    "PATCH /api/v1/admin/providers/{id}",
    "POST /api/v1/admin/providers/{id}/test",
    "POST /api/v1/admin/mcp-servers",
    "DELETE /api/v1/admin/mcp-servers/{id}",
    "PATCH /api/v1/admin/mcp-servers/{id}",
    "POST /api/v1/admin/mcp-servers/{id}/test",
    "DELETE /api/v1/admin/mcp-servers/{id}/sign-in",
    "POST /api/v1/admin/mcp-servers/{id}/sign-in",
    "POST /api/v1/admin/mcp-sign-ins",
    "POST /api/v1/admin/coding-agents",
    "DELETE /api/v1/admin/coding-agents/{id}",
    "PATCH /api/v1/admin/coding-agents/{id}",
    "POST /api/v1/admin/coding-agents/{id}/test",
    "GET /api/v1/admin/providers/{id}/references",
    "POST /api/v1/admin/integrations/{id}/enable",
    "POST /api/v1/admin/integrations/{id}/disable",
    "POST /api/v1/admin/integrations/{id}/reload",
    "POST /api/v1/admin/integrations/{id}/approve",
    "POST /api/v1/admin/integrations/{id}/test-connection",
    "POST /api/v1/admin/integrations/{id}/install-deps",
    "POST /api/v1/admin/integrations/{id}/dashboard-modules/{module}/validate",
    "GET /api/v1/admin/integrations/{id}/files",
    "PUT /api/v1/admin/integrations/{id}/file",
    "GET /api/v1/admin/integrations/{id}/file",
    "PUT /api/v1/admin/integrations/{id}/settings",
    "DELETE /api/v1/admin/integrations/{id}/settings/{key}",
    "DELETE /api/v1/admin/integrations/{id}/api-key",
    "POST /api/v1/admin/integrations/{id}/api-key"
  ],
  "bots:write": [
    "POST /api/v1/bots",
    "DELETE /api/v1/bots/{id}",
    "PATCH /api/v1/bots/{id}"
  ],
  "bots:read": [
    "GET /api/v1/bots",
    "GET /api/v1/bots/{id}"
  ],
  "tools:read": [
    "GET /api/v1/tools",
    "GET /api/v1/tools/{name}"
  ],
  "approvals:read": [
    "GET /api/v1/approvals",
    "GET /api/v1/approvals/{id}",
    "GET /api/v1/mcp-questions"
  ],
  "approvals:write": [
    "POST /api/v1/approvals/{id}/decide",
    "POST /api/v1/mcp-questions/{id}/answer"
  ],
  "people:write": [
    "POST /api/v1/people",
    "POST /api/v1/people/pair",
    "DELETE /api/v1/people/{id}",
    "PATCH /api/v1/people/{id}"
  ],
  "people:read": [
    "GET /api/v1/people",
    "GET /api/v1/people/{id}"
  ],
  "people:use": [
    "POST /api/v1/people/check"
  ],
  "policies:write": [
    "POST /api/v1/policies",
    "DELETE /api/v1/policies/{id}",
    "PATCH /api/v1/policies/{id}"
  ],
  "policies:read": [
    "GET /api/v1/policies",
    "GET /api/v1/policies/{id}",
    "POST /api/v1/policies/dry-run"
  ],
  "logs:read": [
    "GET /api/v1/logs",
    "GET /api/v1/logs/stream",
    "GET /api/v1/admin/integrations/{id}/process/logs",
    "GET /api/v1/admin/integrations/{id}/process/logs/stream"
  ],
  "settings:read": [
    "GET /api/v1/about",
    "GET /api/v1/about/licenses",
    "GET /api/v1/settings"
  ],
  "skills:read": [
    "GET /api/v1/skills",
    "GET /api/v1/skills/{id}"
  ],
  "skills:write": [
    "DELETE /api/v1/skills/{id}",
    "PUT /api/v1/skills/{id}"
  ],
  "carapaces:read": [
    "GET /api/v1/carapaces",
    "GET /api/v1/carapaces/{id}"
  ],
  "carapaces:write": [
    "DELETE /api/v1/carapaces/{id}",
    "PUT /api/v1/carapaces/{id}"
  ],
  "templates:read": [
    "GET /api/v1/templates",
    "GET /api/v1/templates/{id}"
  ],
  "templates:write": [
    "DELETE /api/v1/templates/{id}",
    "PUT /api/v1/templates/{id}"
  ],
  "api_keys:read": [
    "GET /api/v1/api-keys",
    "GET /api/v1/api-keys/{id}",
    "GET /api/v1/scopes",
    "GET /api/v1/sign-ins"
  ],
  "api_keys:write": [
    "POST /api/v1/api-keys",
    "DELETE /api/v1/api-keys/{id}",
    "DELETE /api/v1/sign-ins/{id}",
    "POST /api/v1/sign-in-links"
  ],
  "integrations.{id}.store:read": [
    "GET /api/v1/integrations/{id}/store",
    "GET /api/v1/integrations/{id}/store/{key}"
  ],
  "integrations.{id}.store:write": [
    "DELETE /api/v1/integrations/{id}/store/{key}",
    "PUT /api/v1/integrations/{id}/store/{key}",
    "PUT /api/v1/integrations/{id}/connections/{name}"
  ],
  "integrations:read": [
    "GET /api/v1/integrations/{id}/connections",
    "GET /api/v1/admin/integrations/{id}/accounts",
    "GET /api/v1/admin/integrations/{id}/process",
    "GET /api/v1/admin/integrations/{id}/process/auto-start",
    "GET /api/v1/admin/integrations/{id}/days",
    "GET /api/v1/admin/integrations/{id}/process/days",
    "GET /api/v1/integrations",
    "GET /api/v1/admin/integrations",
    "GET /api/v1/admin/integrations/icons",
    "GET /api/v1/admin/integrations/sidebar-sections",
    "GET /api/v1/admin/integrations/dashboard-modules",
    "GET /api/v1/admin/integrations/manifest-schema",
    "GET /api/v1/admin/integrations/dashboard-schema",
    "GET /api/v1/admin/integrations/{id}",
    "GET /api/v1/admin/integrations/{id}/errors",
    "GET /api/v1/admin/integrations/{id}/readme",
    "GET /api/v1/admin/integrations/{id}/settings",
    "GET /api/v1/admin/integrations/{id}/api-key"
  ],
  "providers:read": [
    "GET /api/v1/admin/providers",
    "GET /api/v1/admin/providers/{id}",
    "GET /api/v1/admin/providers/{id}/models"
  ],
  "mcp_servers:read": [
    "GET /api/v1/admin/mcp-servers",
    "GET /api/v1/admin/mcp-servers/{id}",
    "GET /api/v1/admin/mcp-servers/{id}/tools"
  ],
  "coding_agents:read": [
    "GET /api/v1/admin/coding-agents",
    "GET /api/v1/admin/coding-agents/{id}",
    "GET /api/v1/admin/coding-agents/{id}/sessions"
  ],
  "usage:read": [
    "GET /api/v1/activity",
    "GET /api/v1/usage"
  ]
};
