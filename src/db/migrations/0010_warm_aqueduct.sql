CREATE TABLE "compactions" (
	"session_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"task_id" uuid NOT NULL,
	"cause" text NOT NULL,
	"summary" text,
	"covered_turn" bigint NOT NULL,
	"covered_step" integer NOT NULL,
	"shortened_turn" bigint NOT NULL,
	"shortened_step" integer NOT NULL,
	"messages" integer NOT NULL,
	"tokens_before" integer NOT NULL,
	"tokens_after" integer NOT NULL,
	"model" text,
	"error" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "compactions_session_id_number_pk" PRIMARY KEY("session_id","number")
);
--> statement-breakpoint
ALTER TABLE "llm_calls" ADD COLUMN "context" jsonb;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "output" jsonb;--> statement-breakpoint
ALTER TABLE "compactions" ADD CONSTRAINT "compactions_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "compactions_task" ON "compactions" USING btree ("task_id");