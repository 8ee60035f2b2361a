CREATE TABLE "eval_runs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"owner" text,
	"model" text,
	"passed" integer NOT NULL,
	"failed" integer NOT NULL,
	"tokens" bigint NOT NULL,
	"cost_usd" numeric,
	"seconds" double precision NOT NULL,
	"results" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "eval_runs_name" ON "eval_runs" USING btree ("name","id");