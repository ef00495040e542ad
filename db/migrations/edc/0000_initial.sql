CREATE TABLE "edc"."audit_entries" (
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
CREATE TABLE "edc"."casebooks" (
	"id" uuid PRIMARY KEY NOT NULL,
	"enrollment_id" uuid NOT NULL,
	"study_id" uuid NOT NULL,
	"site_id" uuid NOT NULL,
	"subject_number" text NOT NULL,
	"protocol_version_id" uuid NOT NULL,
	"status" text NOT NULL,
	"status_reason" text,
	"timezone" text NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"locked_at" timestamp with time zone,
	"closed_at" timestamp with time zone,
	CONSTRAINT "casebooks_status" CHECK ("edc"."casebooks"."status" in ('open', 'locked', 'closed'))
);
--> statement-breakpoint
CREATE TABLE "edc"."command_keys" (
	"key" text PRIMARY KEY NOT NULL,
	"verb" text NOT NULL,
	"content_hash" text NOT NULL,
	"state" text NOT NULL,
	"result" jsonb,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "edc"."epro_forms" (
	"id" uuid PRIMARY KEY NOT NULL,
	"schedule_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"form" text NOT NULL,
	"every" text NOT NULL,
	"at" text NOT NULL,
	"first_date" date NOT NULL,
	"last_date" date NOT NULL
);
--> statement-breakpoint
CREATE TABLE "edc"."epro_schedules" (
	"id" uuid PRIMARY KEY NOT NULL,
	"enrollment_id" uuid NOT NULL,
	"study_id" uuid NOT NULL,
	"site_id" uuid NOT NULL,
	"protocol_version_id" uuid NOT NULL,
	"status" text NOT NULL,
	"status_reason" text,
	"timezone" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"stopped_at" timestamp with time zone,
	CONSTRAINT "epro_schedules_status" CHECK ("edc"."epro_schedules"."status" in ('on', 'off'))
);
--> statement-breakpoint
CREATE TABLE "edc"."visits" (
	"id" uuid PRIMARY KEY NOT NULL,
	"casebook_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"code" text NOT NULL,
	"anchor" text NOT NULL,
	"visit_offset" text NOT NULL,
	"visit_window" text NOT NULL,
	"forms" jsonb NOT NULL,
	"planned_date" date,
	"window_from" date,
	"window_to" date
);
--> statement-breakpoint
ALTER TABLE "edc"."epro_forms" ADD CONSTRAINT "epro_forms_schedule_id_epro_schedules_id_fk" FOREIGN KEY ("schedule_id") REFERENCES "edc"."epro_schedules"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "edc"."visits" ADD CONSTRAINT "visits_casebook_id_casebooks_id_fk" FOREIGN KEY ("casebook_id") REFERENCES "edc"."casebooks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_entries_entity" ON "edc"."audit_entries" USING btree ("entity","entity_id","at");--> statement-breakpoint
CREATE UNIQUE INDEX "casebooks_enrollment" ON "edc"."casebooks" USING btree ("enrollment_id");--> statement-breakpoint
CREATE UNIQUE INDEX "epro_forms_position" ON "edc"."epro_forms" USING btree ("schedule_id","position");--> statement-breakpoint
CREATE UNIQUE INDEX "epro_schedules_enrollment" ON "edc"."epro_schedules" USING btree ("enrollment_id");--> statement-breakpoint
CREATE UNIQUE INDEX "visits_position" ON "edc"."visits" USING btree ("casebook_id","position");