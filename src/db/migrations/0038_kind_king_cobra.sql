CREATE TABLE "coding_agent_tests" (
	"agent_id" text PRIMARY KEY NOT NULL,
	"fingerprint" text NOT NULL,
	"error" text,
	"agent_name" text,
	"agent_version" text,
	"tested_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "coding_agents" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"command" text NOT NULL,
	"args" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"env" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"is_enabled" boolean DEFAULT true NOT NULL,
	"timeout_seconds" integer DEFAULT 1800 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "coding_sessions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"agent_id" text NOT NULL,
	"task_id" uuid NOT NULL,
	"session_id" uuid NOT NULL,
	"bot_id" text NOT NULL,
	"folder" text NOT NULL,
	"asked" text NOT NULL,
	"status" text DEFAULT 'running' NOT NULL,
	"error" text,
	"changed_files" integer,
	"ended_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "coding_sessions" ADD CONSTRAINT "coding_sessions_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "coding_sessions_agent" ON "coding_sessions" USING btree ("agent_id","id");--> statement-breakpoint
CREATE INDEX "coding_sessions_task" ON "coding_sessions" USING btree ("task_id");