-- For dump.ts: rows of the tables that its other steps leave empty. What a version has added is added here.
insert into seeded_bots (id) values ('default') on conflict do nothing;
insert into bots (id, name, tools, system_prompt) values ('reviewer', 'Reviewer', '["search_documents"]', 'You review.');
insert into channel_bindings (id, channel_id, integration_type, client_id)
  select '0198c0de-0000-7000-8000-000000000003', id, 'github', 'github:acme/other' from channels limit 1;
insert into channel_activations (channel_id, integration_id) select id, 'github' from channels limit 1;
insert into deliveries (id, task_id, session_id, bot_id, correlation_id, dispatch_type, dispatch_config, payload, status, parts)
  select '0198c0de-0000-7000-8000-000000000051', id, session_id, bot_id, correlation_id, 'none', '{"type": "none"}',
    '{"kind": "result", "text": "Done", "client_actions": [], "extra_metadata": {}}', 'delivered', '{"one": {"value": 1}}'
  from tasks limit 1;
insert into delivery_paces (key, next_at) values ('none', now());
insert into inbox_events (id, integration_id, method, path, headers, body, body_bytes, verdict, duration_ms) values
  ('0198c0de-0000-7000-8000-000000000061', 'github', 'POST', '/webhook', '{"x-event": "opened"}', '{}', 2, 'accepted', 3);
insert into integration_settings (integration_id, key, value, secret) values ('github', 'GITHUB_BOT_ID', 'default', false);
insert into integration_states (integration_id) values ('github');
insert into workspace_writes (path, sha256, bot_id) values ('common/a.txt', repeat('0', 64), 'default');
insert into processes (integration_id, server_id, state) values ('github', '0198c0de-0000-7000-8000-000000000071', 'stopped');
insert into process_lines (integration_id, source, text) values ('github', 'stdout', 'A line of before');
-- The key is hdl_ and 64 times 7.
insert into api_keys (id, name, prefix, hash, scopes) values
  ('0198c0de-0000-7000-8000-000000000091', 'old', 'hdl_77777777',
   encode(sha256(('hdl_' || repeat('7', 64))::bytea), 'hex'), '["tasks:read", "sessions:write", "documents:read", "api_keys:write"]');
insert into tool_calls (id, task_id, message_id, call_id, correlation_id, tool_name, arguments, status, iteration)
  select '0198c0de-0000-7000-8000-000000000101', id, message_id, 'call-1', correlation_id, 'search_documents', '{}', 'done', 1
  from tasks limit 1;
insert into llm_calls (id, task_id, correlation_id, model, iteration, duration_ms)
  select '0198c0de-0000-7000-8000-000000000111', id, correlation_id, 'offline', 1, 5 from tasks limit 1;
insert into meta (key, value) values ('first_api_key', '"2026-01-01T00:00:00Z"') on conflict do nothing;
