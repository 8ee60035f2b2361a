CREATE TABLE "approvals" (
	"id" uuid PRIMARY KEY NOT NULL,
	"task_id" uuid NOT NULL,
	"session_id" uuid NOT NULL,
	"channel_id" uuid NOT NULL,
	"bot_id" text NOT NULL,
	"correlation_id" uuid NOT NULL,
	"message_id" uuid NOT NULL,
	"call_id" text NOT NULL,
	"tool_name" text NOT NULL,
	"integration_id" text,
	"arguments" jsonb NOT NULL,
	"call_hash" text NOT NULL,
	"policy_id" uuid,
	"policy_name" text NOT NULL,
	"reason" text,
	"approvers" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"on_timeout" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"choice" text,
	"decided_by" text,
	"decided_by_name" text,
	"note" text,
	"decided_at" timestamp with time zone,
	"begun_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "policies" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"priority" integer DEFAULT 100 NOT NULL,
	"effect" text NOT NULL,
	"tools" jsonb NOT NULL,
	"kinds" jsonb,
	"bot_id" text,
	"channel_id" uuid,
	"integration_id" text,
	"tainted" boolean,
	"arguments" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"reason" text,
	"approval" jsonb NOT NULL,
	"approval_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "policies" ADD CONSTRAINT "policies_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "approvals_call" ON "approvals" USING btree ("message_id","call_id");--> statement-breakpoint
CREATE INDEX "approvals_task" ON "approvals" USING btree ("task_id","id");--> statement-breakpoint
CREATE INDEX "approvals_status" ON "approvals" USING btree ("status","id");--> statement-breakpoint
CREATE INDEX "approvals_expires" ON "approvals" USING btree ("expires_at") WHERE "approvals"."status" = 'pending';
--> statement-breakpoint
CREATE FUNCTION "public"."heddle_approval_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' OR NEW.status <> OLD.status THEN
    INSERT INTO public.events (type, task_id, session_id, channel_id, bot_id, owner, correlation_id, data)
    SELECT CASE NEW.status WHEN 'pending' THEN 'approval.requested' ELSE 'approval.' || NEW.status END,
      tasks.id, tasks.session_id, tasks.channel_id, tasks.bot_id, tasks.owner, tasks.correlation_id,
      jsonb_build_object('approval_id', NEW.id, 'tool', NEW.tool_name, 'call_id', NEW.call_id, 'status', NEW.status,
        'decided_by', NEW.decided_by_name)
    FROM public.tasks WHERE tasks.id = NEW.task_id;
  END IF;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "heddle_approval_changed" AFTER INSERT OR UPDATE ON "public"."approvals"
  FOR EACH ROW EXECUTE FUNCTION "public"."heddle_approval_changed"();
