CREATE TABLE "edc"."screening_results" (
	"id" uuid PRIMARY KEY NOT NULL,
	"screening_id" uuid NOT NULL,
	"entry" integer NOT NULL,
	"item" text NOT NULL,
	"value" jsonb NOT NULL,
	"unit" text,
	"performed_at" timestamp with time zone NOT NULL,
	"standard_of_care" boolean NOT NULL,
	"reason" text,
	"replaces" uuid,
	"current" boolean NOT NULL,
	"entered_at" timestamp with time zone NOT NULL,
	"entered_by" jsonb NOT NULL,
	CONSTRAINT "screening_results_reason" CHECK ("edc"."screening_results"."replaces" is null or "edc"."screening_results"."reason" is not null)
);
--> statement-breakpoint
CREATE TABLE "edc"."screenings" (
	"id" uuid PRIMARY KEY NOT NULL,
	"enrollment_id" uuid NOT NULL,
	"study_id" uuid NOT NULL,
	"site_id" uuid NOT NULL,
	"subject_number" text NOT NULL,
	"protocol_version_id" uuid NOT NULL,
	"consent_signed_at" timestamp with time zone NOT NULL,
	"items" jsonb NOT NULL,
	"status" text NOT NULL,
	"status_reason" text,
	"opened_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone,
	CONSTRAINT "screenings_status" CHECK ("edc"."screenings"."status" in ('open', 'closed'))
);
--> statement-breakpoint
ALTER TABLE "edc"."screening_results" ADD CONSTRAINT "screening_results_screening_id_screenings_id_fk" FOREIGN KEY ("screening_id") REFERENCES "edc"."screenings"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "edc"."screening_results" ADD CONSTRAINT "screening_results_replaces_screening_results_id_fk" FOREIGN KEY ("replaces") REFERENCES "edc"."screening_results"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "screening_results_entry" ON "edc"."screening_results" USING btree ("screening_id","entry");--> statement-breakpoint
CREATE UNIQUE INDEX "screening_results_one_current" ON "edc"."screening_results" USING btree ("screening_id","item") WHERE current;--> statement-breakpoint
CREATE UNIQUE INDEX "screening_results_replaces" ON "edc"."screening_results" USING btree ("replaces");--> statement-breakpoint
CREATE UNIQUE INDEX "screenings_enrollment" ON "edc"."screenings" USING btree ("enrollment_id");