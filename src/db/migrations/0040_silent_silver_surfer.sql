CREATE TABLE "mcp_waits" (
	"id" uuid PRIMARY KEY NOT NULL,
	"task_id" uuid NOT NULL,
	"server_id" text NOT NULL,
	"kind" text NOT NULL,
	"status" text DEFAULT 'waiting' NOT NULL,
	"state" text NOT NULL,
	"rounds" integer DEFAULT 1 NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "mcp_questions" ADD COLUMN "wait_id" uuid;--> statement-breakpoint
ALTER TABLE "mcp_questions" ADD COLUMN "input_name" text;--> statement-breakpoint
ALTER TABLE "mcp_waits" ADD CONSTRAINT "mcp_waits_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "mcp_waits_task" ON "mcp_waits" USING btree ("task_id");--> statement-breakpoint
CREATE INDEX "mcp_waits_due" ON "mcp_waits" USING btree ("due_at");