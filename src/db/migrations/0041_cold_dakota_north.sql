CREATE TABLE "oauth_accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"oauth" text,
	"oauth_expires_at" timestamp with time zone,
	"oauth_claimed_until" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "oauth_sign_ins" (
	"state_hash" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"person" text NOT NULL,
	"sealed" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
