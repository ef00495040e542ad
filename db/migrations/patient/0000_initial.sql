CREATE TABLE "patient"."audit_entries" (
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
CREATE TABLE "patient"."command_keys" (
	"key" text PRIMARY KEY NOT NULL,
	"verb" text NOT NULL,
	"content_hash" text NOT NULL,
	"state" text NOT NULL,
	"result" jsonb,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "patient"."consent_purposes" (
	"consent_id" uuid NOT NULL,
	"purpose" text NOT NULL,
	"granted" boolean NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "consent_purposes_pk" PRIMARY KEY("consent_id","purpose")
);
--> statement-breakpoint
CREATE TABLE "patient"."consent_signers" (
	"consent_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"role" text NOT NULL,
	"name" text NOT NULL,
	"relationship" text,
	"user_id" text,
	"signed_at" timestamp with time zone NOT NULL,
	"mark" text NOT NULL,
	CONSTRAINT "consent_signers_pk" PRIMARY KEY("consent_id","position")
);
--> statement-breakpoint
CREATE TABLE "patient"."consents" (
	"id" uuid PRIMARY KEY NOT NULL,
	"patient_id" uuid NOT NULL,
	"study_id" uuid NOT NULL,
	"site_id" uuid NOT NULL,
	"enrollment_id" uuid,
	"request_key" text NOT NULL,
	"status" text NOT NULL,
	"validity" text NOT NULL,
	"version" text NOT NULL,
	"language" text NOT NULL,
	"method" text NOT NULL,
	"document_sha256" text NOT NULL,
	"capacity" text NOT NULL,
	"can_read" boolean NOT NULL,
	"signed_at" timestamp with time zone NOT NULL,
	"copy_given_at" timestamp with time zone,
	"copy_given_how" text,
	"recorded_at" timestamp with time zone NOT NULL,
	"entered_in_error_at" timestamp with time zone,
	"entered_in_error_reason" text
);
--> statement-breakpoint
CREATE TABLE "patient"."history_entries" (
	"id" uuid PRIMARY KEY NOT NULL,
	"patient_id" uuid NOT NULL,
	"entry" jsonb NOT NULL,
	"recorded_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "patient"."patient_identifiers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"patient_id" uuid NOT NULL,
	"type" text NOT NULL,
	"country" text NOT NULL,
	"value" text NOT NULL,
	"hash" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "patient"."patients" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"mobile" text,
	"mobile_hash" text,
	"email" text,
	"date_of_birth" date,
	"sex" text,
	"site_ids" uuid[] NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "patient"."consent_purposes" ADD CONSTRAINT "consent_purposes_consent_id_consents_id_fk" FOREIGN KEY ("consent_id") REFERENCES "patient"."consents"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "patient"."consent_signers" ADD CONSTRAINT "consent_signers_consent_id_consents_id_fk" FOREIGN KEY ("consent_id") REFERENCES "patient"."consents"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "patient"."consents" ADD CONSTRAINT "consents_patient_id_patients_id_fk" FOREIGN KEY ("patient_id") REFERENCES "patient"."patients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "patient"."history_entries" ADD CONSTRAINT "history_entries_patient_id_patients_id_fk" FOREIGN KEY ("patient_id") REFERENCES "patient"."patients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "patient"."patient_identifiers" ADD CONSTRAINT "patient_identifiers_patient_id_patients_id_fk" FOREIGN KEY ("patient_id") REFERENCES "patient"."patients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_entries_entity" ON "patient"."audit_entries" USING btree ("entity","entity_id","at");--> statement-breakpoint
CREATE UNIQUE INDEX "consents_request_key" ON "patient"."consents" USING btree ("request_key");--> statement-breakpoint
CREATE INDEX "consents_patient" ON "patient"."consents" USING btree ("patient_id","id");--> statement-breakpoint
CREATE INDEX "consents_enrollment" ON "patient"."consents" USING btree ("enrollment_id","id");--> statement-breakpoint
CREATE INDEX "history_entries_patient" ON "patient"."history_entries" USING btree ("patient_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "patient_identifiers_hash" ON "patient"."patient_identifiers" USING btree ("hash");--> statement-breakpoint
CREATE UNIQUE INDEX "patient_identifiers_one_resident_id" ON "patient"."patient_identifiers" USING btree ("patient_id") WHERE type = 'resident-id' and country = 'CN';--> statement-breakpoint
CREATE INDEX "patient_identifiers_patient" ON "patient"."patient_identifiers" USING btree ("patient_id","id");--> statement-breakpoint
CREATE INDEX "patients_mobile_hash" ON "patient"."patients" USING btree ("mobile_hash","id");