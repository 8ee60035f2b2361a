-- Rows of every table of version 0.1.0's first schema (migration 0000), for upgrade.test.ts.
insert into meta (key, value) values ('first_api_key', '"2026-01-01T00:00:00Z"');
insert into bots (id, name, tools) values ('default', 'Default', '["search_documents"]');
insert into channels (id, client_id, name) values
  ('0198c0de-0000-7000-8000-000000000001', 'github:acme/site', 'github:acme/site'),
  ('0198c0de-0000-7000-8000-000000000002', 'docs:1', 'docs:1');
insert into channel_bindings (id, channel_id, integration_type, client_id) values
  ('0198c0de-0000-7000-8000-000000000003', '0198c0de-0000-7000-8000-000000000002', 'github', 'github:acme/other');
insert into channel_activations (channel_id, integration_id) values ('0198c0de-0000-7000-8000-000000000002', 'github');
insert into sessions (id, channel_id, client_id, bot_id, dispatch_config) values
  ('0198c0de-0000-7000-8000-000000000011', '0198c0de-0000-7000-8000-000000000001', 'github:acme/site', 'default', null),
  ('0198c0de-0000-7000-8000-000000000012', '0198c0de-0000-7000-8000-000000000002', 'docs:1', 'default', '{"type": "none"}');
insert into messages (id, session_id, role, content, source, dedupe_key) values
  ('0198c0de-0000-7000-8000-000000000021', '0198c0de-0000-7000-8000-000000000011', 'user', 'A webhook of before', 'github', 'github:delivery-1'),
  ('0198c0de-0000-7000-8000-000000000022', '0198c0de-0000-7000-8000-000000000012', 'user', 'Said over the API', 'api', '0198c0de-0000-7000-8000-000000000012:key-1');
insert into tasks (id, session_id, channel_id, bot_id, message_id, correlation_id, status, result, dispatch_type) values
  ('0198c0de-0000-7000-8000-000000000031', '0198c0de-0000-7000-8000-000000000011', '0198c0de-0000-7000-8000-000000000001',
   'default', '0198c0de-0000-7000-8000-000000000021', '0198c0de-0000-7000-8000-000000000041', 'complete', 'Done', 'webhook');
insert into deliveries (id, task_id, session_id, bot_id, correlation_id, dispatch_type, dispatch_config, payload, status) values
  ('0198c0de-0000-7000-8000-000000000051', '0198c0de-0000-7000-8000-000000000031', '0198c0de-0000-7000-8000-000000000011',
   'default', '0198c0de-0000-7000-8000-000000000041', 'webhook', '{"url": "https://example.com/"}',
   '{"kind": "result", "text": "Done", "client_actions": [], "extra_metadata": {}}', 'delivered');
insert into inbox_events (id, integration_id, method, path, headers, body, body_bytes, verdict, duration_ms) values
  ('0198c0de-0000-7000-8000-000000000061', 'github', 'POST', '/webhook', '{}', '{}', 2, 'accepted', 3);
insert into integration_settings (integration_id, key, value, secret) values ('github', 'GITHUB_BOT_ID', 'default', false);
insert into integration_states (integration_id) values ('example');
insert into integration_store (integration_id, key, value) values ('example', 'cursor', '5');
insert into workspace_writes (path, sha256, bot_id) values ('common/a.txt', repeat('0', 64), 'default');
insert into processes (integration_id, server_id, state) values ('example', '0198c0de-0000-7000-8000-000000000071', 'stopped');
insert into process_lines (integration_id, source, text) values ('example', 'stdout', 'hello');
insert into documents (id, integration_id, content) values ('0198c0de-0000-7000-8000-000000000081', 'github', 'Zebras of before');
insert into chunks (id, document_id, position, breadcrumb, content, lexemes, length) values
  ('0198c0de-0000-7000-8000-000000000082', '0198c0de-0000-7000-8000-000000000081', 0, '', 'Zebras of before',
   to_tsvector('english', 'Zebras of before'), 1);
-- The key is hdl_ and 64 times 7.
insert into api_keys (id, name, prefix, hash, scopes) values
  ('0198c0de-0000-7000-8000-000000000091', 'old', 'hdl_77777777',
   encode(sha256(('hdl_' || repeat('7', 64))::bytea), 'hex'), '["tasks:read", "sessions:write", "documents:read", "api_keys:write"]');
insert into tool_calls (id, task_id, message_id, call_id, correlation_id, tool_name, arguments, status, iteration) values
  ('0198c0de-0000-7000-8000-000000000101', '0198c0de-0000-7000-8000-000000000031', '0198c0de-0000-7000-8000-000000000021',
   'call-1', '0198c0de-0000-7000-8000-000000000041', 'search_documents', '{}', 'done', 1);
insert into llm_calls (id, task_id, correlation_id, model, iteration, duration_ms) values
  ('0198c0de-0000-7000-8000-000000000111', '0198c0de-0000-7000-8000-000000000031', '0198c0de-0000-7000-8000-000000000041',
   'offline', 1, 5);
