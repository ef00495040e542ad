CREATE TABLE "study"."audit_entries" (
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
CREATE TABLE "study"."command_keys" (
	"key" text PRIMARY KEY NOT NULL,
	"verb" text NOT NULL,
	"content_hash" text NOT NULL,
	"state" text NOT NULL,
	"result" jsonb,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "study"."consent_versions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"study_id" uuid NOT NULL,
	"site_id" uuid NOT NULL,
	"language" text NOT NULL,
	"version" text NOT NULL,
	"approved_at" timestamp with time zone NOT NULL,
	"effective_at" timestamp with time zone NOT NULL,
	"superseded_at" timestamp with time zone,
	"document_sha256" text NOT NULL,
	"concerns" text,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "study"."contacts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"study_id" uuid NOT NULL,
	"site_id" uuid,
	"user_id" text NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "contacts_user" UNIQUE NULLS NOT DISTINCT("study_id","site_id","user_id","role")
);
--> statement-breakpoint
CREATE TABLE "study"."delegations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"study_id" uuid NOT NULL,
	"site_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"tasks" text[] NOT NULL,
	"valid_from" timestamp with time zone NOT NULL,
	"valid_to" timestamp with time zone,
	"ended_at" timestamp with time zone,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "study"."deviations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"enrollment_id" uuid NOT NULL,
	"category" text NOT NULL,
	"severity" text NOT NULL,
	"description" text NOT NULL,
	"actor" jsonb NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "study"."enrollments" (
	"id" uuid PRIMARY KEY NOT NULL,
	"study_id" uuid NOT NULL,
	"study_code" text NOT NULL,
	"site_id" uuid NOT NULL,
	"site_code" text NOT NULL,
	"patient_id" uuid NOT NULL,
	"protocol_version_id" uuid NOT NULL,
	"request_key" text NOT NULL,
	"content_hash" text NOT NULL,
	"rescreen_of" uuid,
	"stage" text NOT NULL,
	"status" text NOT NULL,
	"outcome" text DEFAULT 'open' NOT NULL,
	"outcome_reason" text,
	"needs_attention" boolean DEFAULT false NOT NULL,
	"stuck_step" text,
	"awaiting_what" text,
	"awaiting_who" text,
	"awaiting_until" timestamp with time zone,
	"subject_number" text,
	"consent_id" uuid,
	"enrolled_at" timestamp with time zone,
	"enrollment_voided_at" timestamp with time zone,
	"revision" integer NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "enrollments_revision" CHECK ("study"."enrollments"."revision" >= 0)
);
--> statement-breakpoint
CREATE TABLE "study"."investigators" (
	"id" uuid PRIMARY KEY NOT NULL,
	"study_id" uuid NOT NULL,
	"site_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "study"."milestones" (
	"id" uuid PRIMARY KEY NOT NULL,
	"enrollment_id" uuid NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"event" text NOT NULL,
	"stage" text NOT NULL,
	"actor" jsonb NOT NULL,
	"details" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "study"."protocol_versions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"study_id" uuid NOT NULL,
	"version" text NOT NULL,
	"effective_at" timestamp with time zone NOT NULL,
	"body" jsonb NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "study"."screening_log" (
	"enrollment_id" uuid PRIMARY KEY NOT NULL,
	"study_id" uuid NOT NULL,
	"site_id" uuid NOT NULL,
	"subject_number" text NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone,
	"outcome" text,
	"reason" text
);
--> statement-breakpoint
CREATE TABLE "study"."studies" (
	"id" uuid PRIMARY KEY NOT NULL,
	"code" text NOT NULL,
	"title" text NOT NULL,
	"phase" text,
	"sponsor" text,
	"status" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "study"."subject_counters" (
	"study_id" uuid NOT NULL,
	"site_id" uuid NOT NULL,
	"last" integer NOT NULL,
	CONSTRAINT "subject_counters_site" PRIMARY KEY("study_id","site_id")
);
--> statement-breakpoint
ALTER TABLE "study"."consent_versions" ADD CONSTRAINT "consent_versions_study_id_studies_id_fk" FOREIGN KEY ("study_id") REFERENCES "study"."studies"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "study"."contacts" ADD CONSTRAINT "contacts_study_id_studies_id_fk" FOREIGN KEY ("study_id") REFERENCES "study"."studies"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "study"."delegations" ADD CONSTRAINT "delegations_study_id_studies_id_fk" FOREIGN KEY ("study_id") REFERENCES "study"."studies"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "study"."investigators" ADD CONSTRAINT "investigators_study_id_studies_id_fk" FOREIGN KEY ("study_id") REFERENCES "study"."studies"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "study"."protocol_versions" ADD CONSTRAINT "protocol_versions_study_id_studies_id_fk" FOREIGN KEY ("study_id") REFERENCES "study"."studies"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_entries_entity" ON "study"."audit_entries" USING btree ("entity","entity_id","at");--> statement-breakpoint
CREATE UNIQUE INDEX "consent_versions_version" ON "study"."consent_versions" USING btree ("study_id","site_id","language","version");--> statement-breakpoint
CREATE UNIQUE INDEX "consent_versions_effective" ON "study"."consent_versions" USING btree ("study_id","site_id","language","effective_at");--> statement-breakpoint
CREATE INDEX "delegations_user" ON "study"."delegations" USING btree ("study_id","site_id","user_id");--> statement-breakpoint
CREATE INDEX "deviations_enrollment" ON "study"."deviations" USING btree ("enrollment_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "enrollments_request_key" ON "study"."enrollments" USING btree ("request_key");--> statement-breakpoint
CREATE UNIQUE INDEX "enrollments_one_open" ON "study"."enrollments" USING btree ("study_id","patient_id") WHERE "study"."enrollments"."outcome" in ('open', 'active');--> statement-breakpoint
CREATE INDEX "enrollments_patient" ON "study"."enrollments" USING btree ("patient_id","id");--> statement-breakpoint
CREATE INDEX "enrollments_study" ON "study"."enrollments" USING btree ("study_id","id");--> statement-breakpoint
CREATE INDEX "enrollments_site" ON "study"."enrollments" USING btree ("site_id","id");--> statement-breakpoint
CREATE INDEX "enrollments_study_site" ON "study"."enrollments" USING btree ("study_id","site_id","id");--> statement-breakpoint
CREATE INDEX "enrollments_state" ON "study"."enrollments" USING btree ("stage","outcome","needs_attention","id");--> statement-breakpoint
CREATE INDEX "enrollments_study_state" ON "study"."enrollments" USING btree ("study_id","stage","outcome","needs_attention","id");--> statement-breakpoint
CREATE INDEX "enrollments_site_state" ON "study"."enrollments" USING btree ("site_id","stage","outcome","needs_attention","id");--> statement-breakpoint
CREATE INDEX "enrollments_study_site_state" ON "study"."enrollments" USING btree ("study_id","site_id","stage","outcome","needs_attention","id");--> statement-breakpoint
CREATE INDEX "enrollments_awaiting" ON "study"."enrollments" USING btree ("awaiting_what","stage","outcome","needs_attention","id") WHERE "study"."enrollments"."awaiting_what" is not null;--> statement-breakpoint
CREATE INDEX "enrollments_study_awaiting" ON "study"."enrollments" USING btree ("study_id","awaiting_what","stage","outcome","needs_attention","id") WHERE "study"."enrollments"."awaiting_what" is not null;--> statement-breakpoint
CREATE INDEX "enrollments_site_awaiting" ON "study"."enrollments" USING btree ("site_id","awaiting_what","stage","outcome","needs_attention","id") WHERE "study"."enrollments"."awaiting_what" is not null;--> statement-breakpoint
CREATE INDEX "enrollments_study_site_awaiting" ON "study"."enrollments" USING btree ("study_id","site_id","awaiting_what","stage","outcome","needs_attention","id") WHERE "study"."enrollments"."awaiting_what" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "investigators_user" ON "study"."investigators" USING btree ("study_id","site_id","user_id");--> statement-breakpoint
CREATE INDEX "milestones_enrollment" ON "study"."milestones" USING btree ("enrollment_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "protocol_versions_version" ON "study"."protocol_versions" USING btree ("study_id","version");--> statement-breakpoint
CREATE UNIQUE INDEX "screening_log_number" ON "study"."screening_log" USING btree ("study_id","subject_number");--> statement-breakpoint
CREATE INDEX "screening_log_site" ON "study"."screening_log" USING btree ("study_id","site_id","opened_at");--> statement-breakpoint
CREATE UNIQUE INDEX "studies_code" ON "study"."studies" USING btree ("code");