CREATE TABLE "notification"."audit_entries" (
	"id" uuid PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"action" text NOT NULL,
	"verb" text NOT NULL,
	"entity" text NOT NULL,
	"entity_id" text NOT NULL,
	"actor" jsonb NOT NULL,
	"reason" text,
	"before" jsonb,
	"after" jsonb,
	"request_id" text NOT NULL,
	"command_key" text
);
--> statement-breakpoint
CREATE TABLE "notification"."command_keys" (
	"key" text PRIMARY KEY NOT NULL,
	"verb" text NOT NULL,
	"content_hash" text NOT NULL,
	"state" text NOT NULL,
	"result" jsonb,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "notification"."messages" (
	"id" uuid PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"command_key" text NOT NULL,
	"kind" text NOT NULL,
	"enrollment_id" uuid NOT NULL,
	"study_id" uuid NOT NULL,
	"site_id" uuid NOT NULL,
	"recipient" text NOT NULL,
	"role" text NOT NULL,
	"to_email" text NOT NULL,
	"subject" text NOT NULL,
	"body" text NOT NULL,
	"message_id" text NOT NULL,
	"status" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"last_failure" text,
	"created_at" timestamp with time zone NOT NULL,
	"sent_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "audit_entries_entity" ON "notification"."audit_entries" USING btree ("entity","entity_id","at");--> statement-breakpoint
CREATE UNIQUE INDEX "messages_key" ON "notification"."messages" USING btree ("key");--> statement-breakpoint
CREATE INDEX "messages_command" ON "notification"."messages" USING btree ("command_key","id");--> statement-breakpoint
CREATE INDEX "messages_enrollment" ON "notification"."messages" USING btree ("enrollment_id","id");