CREATE TABLE "attachments" (
	"id" uuid PRIMARY KEY NOT NULL,
	"message_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"media_type" text NOT NULL,
	"bytes" integer NOT NULL,
	"data" text,
	"content" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"tx" bigint DEFAULT (pg_current_xact_id()::text::bigint) NOT NULL,
	"type" text NOT NULL,
	"task_id" uuid,
	"session_id" uuid,
	"channel_id" uuid,
	"bot_id" text,
	"integration_id" text,
	"owner" text,
	"correlation_id" uuid,
	"data" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "when_busy" text DEFAULT 'queue' NOT NULL;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "cancel_reason" text;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "when_busy" text DEFAULT 'queue' NOT NULL;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "merge_key" text;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "merged_into" uuid;--> statement-breakpoint
ALTER TABLE "attachments" ADD CONSTRAINT "attachments_message_id_messages_id_fk" FOREIGN KEY ("message_id") REFERENCES "public"."messages"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "attachments_message" ON "attachments" USING btree ("message_id","position");--> statement-breakpoint
CREATE INDEX "events_tx" ON "events" USING btree ("tx","id");--> statement-breakpoint
CREATE INDEX "events_task" ON "events" USING btree ("task_id","id");--> statement-breakpoint
CREATE INDEX "tasks_waiting" ON "tasks" USING btree ("session_id","id") WHERE "tasks"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "tasks_merged" ON "tasks" USING btree ("merged_into") WHERE "tasks"."merged_into" is not null;--> statement-breakpoint
CREATE FUNCTION "public"."heddle_task_created"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.events (type, task_id, session_id, channel_id, bot_id, owner, correlation_id, data)
  SELECT 'task.created', id, session_id, channel_id, bot_id, owner, correlation_id,
    jsonb_build_object('status', status, 'message_id', message_id, 'source', source, 'when_busy', when_busy)
  FROM fresh ORDER BY id;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "heddle_task_created" AFTER INSERT ON "public"."tasks" REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION "public"."heddle_task_created"();--> statement-breakpoint
CREATE FUNCTION "public"."heddle_task_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.events (type, task_id, session_id, channel_id, bot_id, owner, correlation_id, data)
  SELECT CASE fresh.status WHEN 'running' THEN 'task.started' WHEN 'pending' THEN 'task.released'
      WHEN 'complete' THEN 'task.completed' ELSE 'task.' || fresh.status END,
    fresh.id, fresh.session_id, fresh.channel_id, fresh.bot_id, fresh.owner, fresh.correlation_id,
    jsonb_strip_nulls(jsonb_build_object('status', fresh.status, 'attempt', fresh.attempt,
      'error_code', fresh.error_code, 'merged_into', fresh.merged_into))
  FROM fresh JOIN stale USING (id)
  WHERE fresh.status <> stale.status OR fresh.attempt <> stale.attempt
  ORDER BY id;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "heddle_task_changed" AFTER UPDATE ON "public"."tasks" REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION "public"."heddle_task_changed"();--> statement-breakpoint
CREATE FUNCTION "public"."heddle_tool_started"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.events (type, task_id, session_id, channel_id, bot_id, owner, correlation_id, data)
  SELECT 'tool.started', tasks.id, tasks.session_id, tasks.channel_id, tasks.bot_id, tasks.owner, tasks.correlation_id,
    jsonb_build_object('tool_call_id', fresh.id, 'tool', fresh.tool_name, 'call_id', fresh.call_id,
      'iteration', fresh.iteration, 'message_id', fresh.message_id)
  FROM fresh JOIN public.tasks ON tasks.id = fresh.task_id ORDER BY fresh.id;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "heddle_tool_started" AFTER INSERT ON "public"."tool_calls" REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION "public"."heddle_tool_started"();--> statement-breakpoint
CREATE FUNCTION "public"."heddle_tool_ended"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.events (type, task_id, session_id, channel_id, bot_id, owner, correlation_id, data)
  SELECT CASE fresh.status WHEN 'done' THEN 'tool.completed' ELSE 'tool.failed' END,
    tasks.id, tasks.session_id, tasks.channel_id, tasks.bot_id, tasks.owner, tasks.correlation_id,
    jsonb_build_object('tool_call_id', fresh.id, 'tool', fresh.tool_name, 'call_id', fresh.call_id,
      'iteration', fresh.iteration, 'duration_ms', fresh.duration_ms)
  FROM fresh JOIN stale USING (id) JOIN public.tasks ON tasks.id = fresh.task_id
  WHERE fresh.status <> stale.status AND fresh.status <> 'running' ORDER BY fresh.id;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "heddle_tool_ended" AFTER UPDATE ON "public"."tool_calls" REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION "public"."heddle_tool_ended"();--> statement-breakpoint
CREATE FUNCTION "public"."heddle_delivery_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.events (type, task_id, session_id, channel_id, bot_id, owner, correlation_id, data)
  SELECT 'delivery.' || fresh.status, fresh.task_id, fresh.session_id, sessions.channel_id, fresh.bot_id, tasks.owner,
    fresh.correlation_id,
    jsonb_build_object('delivery_id', fresh.id, 'dispatch_type', fresh.dispatch_type, 'attempts', fresh.attempts)
  FROM fresh JOIN stale USING (id)
    LEFT JOIN public.sessions ON sessions.id = fresh.session_id LEFT JOIN public.tasks ON tasks.id = fresh.task_id
  WHERE fresh.status <> stale.status
    OR (fresh.status = 'retrying' AND fresh.next_attempt_at IS DISTINCT FROM stale.next_attempt_at)
  ORDER BY fresh.id;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "heddle_delivery_changed" AFTER UPDATE ON "public"."deliveries" REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION "public"."heddle_delivery_changed"();--> statement-breakpoint
CREATE FUNCTION "public"."heddle_webhook_recorded"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.events (type, integration_id, data)
  SELECT 'inbox.' || verdict, integration_id, jsonb_build_object('inbox_event_id', id) FROM fresh ORDER BY id;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "heddle_webhook_recorded" AFTER INSERT ON "public"."inbox_events" REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION "public"."heddle_webhook_recorded"();--> statement-breakpoint
CREATE FUNCTION "public"."heddle_webhook_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.events (type, integration_id, data)
  SELECT 'inbox.' || fresh.verdict, fresh.integration_id, jsonb_build_object('inbox_event_id', fresh.id)
  FROM fresh JOIN stale USING (id) WHERE fresh.verdict <> stale.verdict ORDER BY fresh.id;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "heddle_webhook_changed" AFTER UPDATE ON "public"."inbox_events" REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION "public"."heddle_webhook_changed"();--> statement-breakpoint
CREATE FUNCTION "public"."heddle_process_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' OR NEW.state <> OLD.state THEN
    INSERT INTO public.events (type, integration_id, data)
    VALUES ('process.' || NEW.state, NEW.integration_id,
      jsonb_build_object('state', NEW.state, 'restarts', NEW.restarts, 'exit_code', NEW.exit_code, 'signal', NEW.signal));
  END IF;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "heddle_process_changed" AFTER INSERT OR UPDATE ON "public"."processes"
  FOR EACH ROW EXECUTE FUNCTION "public"."heddle_process_changed"();
