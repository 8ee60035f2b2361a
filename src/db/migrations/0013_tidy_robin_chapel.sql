ALTER TABLE "sessions" ADD COLUMN "transcript" text;--> statement-breakpoint
CREATE INDEX "sessions_transcript" ON "sessions" USING btree ("transcript") WHERE "sessions"."transcript" is not null;