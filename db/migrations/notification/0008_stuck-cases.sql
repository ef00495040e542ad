CREATE TABLE "notification"."stuck_cases" (
	"id" uuid PRIMARY KEY NOT NULL,
	"subject" text NOT NULL,
	"workflow_id" text,
	"enrollment_id" uuid,
	"kind" text NOT NULL,
	"step" text NOT NULL,
	"code" text,
	"suggestion" text NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"found_at" timestamp with time zone NOT NULL,
	"told_at" timestamp with time zone,
	"escalated_at" timestamp with time zone,
	"over_at" timestamp with time zone
);
--> statement-breakpoint
CREATE UNIQUE INDEX "stuck_cases_open" ON "notification"."stuck_cases" USING btree ("subject") WHERE "notification"."stuck_cases"."over_at" is null;--> statement-breakpoint
CREATE INDEX "stuck_cases_subject" ON "notification"."stuck_cases" USING btree ("subject","over_at");