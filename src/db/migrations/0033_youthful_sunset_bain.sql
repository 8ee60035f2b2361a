CREATE TABLE "people" (
	"id" uuid PRIMARY KEY NOT NULL,
	"integration_id" text NOT NULL,
	"external_id" text NOT NULL,
	"name" text NOT NULL,
	"place" text,
	"status" text NOT NULL,
	"code" text,
	"code_expires_at" timestamp with time zone,
	"code_tries" integer DEFAULT 0 NOT NULL,
	"asked_at" timestamp with time zone,
	"decided_by" text,
	"decided_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "people_external" ON "people" USING btree ("integration_id","external_id");--> statement-breakpoint
CREATE INDEX "people_pending" ON "people" USING btree ("integration_id") WHERE "people"."status" = 'pending';