CREATE TABLE "mcp_questions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"task_id" uuid NOT NULL,
	"session_id" uuid NOT NULL,
	"bot_id" text NOT NULL,
	"server_id" text NOT NULL,
	"tool_reference" text NOT NULL,
	"message" text NOT NULL,
	"schema" jsonb NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"answer" text,
	"answered_by" text,
	"answered_at" timestamp with time zone,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "mcp_questions" ADD CONSTRAINT "mcp_questions_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "mcp_questions_task" ON "mcp_questions" USING btree ("task_id","id");--> statement-breakpoint
CREATE INDEX "mcp_questions_status" ON "mcp_questions" USING btree ("status","id");