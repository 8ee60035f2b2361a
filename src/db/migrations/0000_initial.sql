CREATE EXTENSION IF NOT EXISTS vector;--> statement-breakpoint
CREATE TABLE "api_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"prefix" text NOT NULL,
	"hash" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"owner" text,
	"expires_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "api_keys_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "bots" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"system_prompt" text DEFAULT '' NOT NULL,
	"model" text,
	"fallback_models" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"tools" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"skills" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"carapaces" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"max_iterations" integer,
	"source" text DEFAULT 'api' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "channel_activations" (
	"channel_id" uuid NOT NULL,
	"integration_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "channel_activations_channel_id_integration_id_pk" PRIMARY KEY("channel_id","integration_id")
);
--> statement-breakpoint
CREATE TABLE "channel_bindings" (
	"id" uuid PRIMARY KEY NOT NULL,
	"channel_id" uuid NOT NULL,
	"integration_type" text NOT NULL,
	"client_id" text NOT NULL,
	"display_name" text,
	"dispatch_config" jsonb,
	"event_filter" jsonb,
	"config" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"mirror" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "channels" (
	"id" uuid PRIMARY KEY NOT NULL,
	"client_id" text NOT NULL,
	"name" text NOT NULL,
	"bot_id" text,
	"dispatch_config" jsonb,
	"require_mention" boolean DEFAULT true NOT NULL,
	"passive_memory" boolean DEFAULT true NOT NULL,
	"allow_bot_messages" boolean DEFAULT false NOT NULL,
	"thinking_display" text DEFAULT 'append' NOT NULL,
	"private" boolean DEFAULT false NOT NULL,
	"model_override" text,
	"max_iterations" integer,
	"prompt" text,
	"template_id" text,
	"workspace" boolean DEFAULT true NOT NULL,
	"skills" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"tools_disabled" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"carapaces" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"carapaces_disabled" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "channels_client_id_unique" UNIQUE("client_id")
);
--> statement-breakpoint
CREATE TABLE "chunks" (
	"id" uuid PRIMARY KEY NOT NULL,
	"document_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"breadcrumb" text NOT NULL,
	"content" text NOT NULL,
	"lexemes" "tsvector" NOT NULL,
	"length" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"id" uuid PRIMARY KEY NOT NULL,
	"task_id" uuid,
	"session_id" uuid NOT NULL,
	"bot_id" text NOT NULL,
	"correlation_id" uuid NOT NULL,
	"dispatch_type" text NOT NULL,
	"dispatch_config" jsonb NOT NULL,
	"payload" jsonb NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"attempts_before" integer DEFAULT 0 NOT NULL,
	"last_error" text,
	"receipt" jsonb,
	"next_attempt_at" timestamp with time zone,
	"delivered_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "documents" (
	"id" uuid PRIMARY KEY NOT NULL,
	"integration_id" text,
	"session_id" uuid,
	"title" text,
	"content" text NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "inbox_events" (
	"id" uuid PRIMARY KEY NOT NULL,
	"integration_id" text NOT NULL,
	"method" text NOT NULL,
	"path" text NOT NULL,
	"headers" jsonb NOT NULL,
	"body" text NOT NULL,
	"body_bytes" integer NOT NULL,
	"body_truncated" boolean DEFAULT false NOT NULL,
	"verdict" text NOT NULL,
	"reason" text,
	"status_code" integer,
	"idempotency_key" text,
	"outcomes" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"duration_ms" integer NOT NULL,
	"verified" boolean DEFAULT false NOT NULL,
	"replay_of" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "integration_settings" (
	"integration_id" text NOT NULL,
	"key" text NOT NULL,
	"value" text NOT NULL,
	"secret" boolean NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "integration_settings_integration_id_key_pk" PRIMARY KEY("integration_id","key")
);
--> statement-breakpoint
CREATE TABLE "integration_states" (
	"integration_id" text PRIMARY KEY NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"process_auto_start" boolean DEFAULT true NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "integration_store" (
	"integration_id" text NOT NULL,
	"key" text NOT NULL,
	"value" text NOT NULL,
	"secret" boolean DEFAULT false NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "integration_store_integration_id_key_pk" PRIMARY KEY("integration_id","key")
);
--> statement-breakpoint
CREATE TABLE "llm_calls" (
	"id" uuid PRIMARY KEY NOT NULL,
	"task_id" uuid NOT NULL,
	"correlation_id" uuid NOT NULL,
	"model" text NOT NULL,
	"iteration" integer NOT NULL,
	"prompt_tokens" integer,
	"completion_tokens" integer,
	"duration_ms" integer NOT NULL,
	"fallback_used" boolean DEFAULT false NOT NULL,
	"error" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "messages" (
	"id" uuid PRIMARY KEY NOT NULL,
	"session_id" uuid NOT NULL,
	"position" bigserial NOT NULL,
	"role" text NOT NULL,
	"content" text NOT NULL,
	"source" text,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"tool_calls" jsonb,
	"tool_call_id" text,
	"task_id" uuid,
	"dedupe_key" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "messages_dedupe_key_unique" UNIQUE("dedupe_key")
);
--> statement-breakpoint
CREATE TABLE "meta" (
	"key" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "process_lines" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"integration_id" text NOT NULL,
	"source" text NOT NULL,
	"text" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "processes" (
	"integration_id" text PRIMARY KEY NOT NULL,
	"server_id" uuid NOT NULL,
	"state" text NOT NULL,
	"pid" integer,
	"started_at" timestamp with time zone,
	"exit_code" integer,
	"signal" text,
	"restarts" integer DEFAULT 0 NOT NULL,
	"last_error" text,
	"next_start_at" timestamp with time zone,
	"memory_bytes" bigint,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"channel_id" uuid NOT NULL,
	"client_id" text NOT NULL,
	"bot_id" text NOT NULL,
	"dispatch_config" jsonb,
	"active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tasks" (
	"id" uuid PRIMARY KEY NOT NULL,
	"session_id" uuid NOT NULL,
	"channel_id" uuid NOT NULL,
	"bot_id" text NOT NULL,
	"message_id" uuid NOT NULL,
	"correlation_id" uuid NOT NULL,
	"source" text,
	"status" text DEFAULT 'pending' NOT NULL,
	"result" text,
	"error" text,
	"error_code" text,
	"warnings" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"dispatch_type" text NOT NULL,
	"dispatch_config" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"mirrors" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"execution_config" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"losses" integer DEFAULT 0 NOT NULL,
	"tool_losses" integer DEFAULT 0 NOT NULL,
	"cancel_requested_at" timestamp with time zone,
	"scheduled_at" timestamp with time zone,
	"run_at" timestamp with time zone,
	"completed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tool_calls" (
	"id" uuid PRIMARY KEY NOT NULL,
	"task_id" uuid NOT NULL,
	"message_id" uuid NOT NULL,
	"call_id" text NOT NULL,
	"correlation_id" uuid NOT NULL,
	"tool_name" text NOT NULL,
	"arguments" text NOT NULL,
	"status" text NOT NULL,
	"error" text,
	"iteration" integer NOT NULL,
	"duration_ms" integer,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "workspace_writes" (
	"path" text NOT NULL,
	"sha256" text NOT NULL,
	"bot_id" text NOT NULL,
	"task_id" uuid,
	"approved_at" timestamp with time zone,
	"written_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "workspace_writes_path_sha256_pk" PRIMARY KEY("path","sha256")
);
--> statement-breakpoint
ALTER TABLE "channel_activations" ADD CONSTRAINT "channel_activations_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "channel_bindings" ADD CONSTRAINT "channel_bindings_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "chunks" ADD CONSTRAINT "chunks_document_id_documents_id_fk" FOREIGN KEY ("document_id") REFERENCES "public"."documents"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "documents" ADD CONSTRAINT "documents_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "llm_calls" ADD CONSTRAINT "llm_calls_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tasks" ADD CONSTRAINT "tasks_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tool_calls" ADD CONSTRAINT "tool_calls_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "channel_bindings_place" ON "channel_bindings" USING btree ("channel_id","client_id");--> statement-breakpoint
CREATE INDEX "channel_bindings_client" ON "channel_bindings" USING btree ("client_id");--> statement-breakpoint
CREATE INDEX "chunks_document" ON "chunks" USING btree ("document_id");--> statement-breakpoint
CREATE INDEX "chunks_lexemes" ON "chunks" USING gin ("lexemes");--> statement-breakpoint
CREATE INDEX "deliveries_task" ON "deliveries" USING btree ("task_id");--> statement-breakpoint
CREATE INDEX "deliveries_status" ON "deliveries" USING btree ("status","id");--> statement-breakpoint
CREATE INDEX "documents_integration" ON "documents" USING btree ("integration_id");--> statement-breakpoint
CREATE INDEX "inbox_events_integration" ON "inbox_events" USING btree ("integration_id","id");--> statement-breakpoint
CREATE INDEX "inbox_events_verdict" ON "inbox_events" USING btree ("verdict","id");--> statement-breakpoint
CREATE INDEX "inbox_events_created" ON "inbox_events" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "inbox_events_key" ON "inbox_events" USING btree ("idempotency_key");--> statement-breakpoint
CREATE INDEX "llm_calls_task" ON "llm_calls" USING btree ("task_id");--> statement-breakpoint
CREATE INDEX "messages_session" ON "messages" USING btree ("session_id","position");--> statement-breakpoint
CREATE INDEX "messages_task" ON "messages" USING btree ("task_id","position");--> statement-breakpoint
CREATE INDEX "process_lines_integration" ON "process_lines" USING btree ("integration_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "sessions_active" ON "sessions" USING btree ("client_id","bot_id") WHERE active;--> statement-breakpoint
CREATE INDEX "sessions_channel" ON "sessions" USING btree ("channel_id");--> statement-breakpoint
CREATE INDEX "tasks_session" ON "tasks" USING btree ("session_id");--> statement-breakpoint
CREATE INDEX "tasks_status" ON "tasks" USING btree ("status","id");--> statement-breakpoint
CREATE UNIQUE INDEX "tasks_message" ON "tasks" USING btree ("message_id");--> statement-breakpoint
CREATE UNIQUE INDEX "tool_calls_call" ON "tool_calls" USING btree ("message_id","call_id");--> statement-breakpoint
CREATE INDEX "tool_calls_task" ON "tool_calls" USING btree ("task_id");--> statement-breakpoint
CREATE INDEX "workspace_writes_content" ON "workspace_writes" USING btree ("sha256");