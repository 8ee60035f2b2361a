CREATE TABLE "loop_releases" (
	"loop_key" text PRIMARY KEY NOT NULL,
	"released_at" timestamp with time zone NOT NULL
);
