CREATE TABLE "study"."eligibility_decisions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"enrollment_id" uuid NOT NULL,
	"round" integer NOT NULL,
	"decision" text NOT NULL,
	"reason" text,
	"meaning" text NOT NULL,
	"signer_user_id" text NOT NULL,
	"signer_name" text NOT NULL,
	"signed_at" timestamp with time zone NOT NULL,
	"sha256" text,
	"invalidated_at" timestamp with time zone,
	"invalidated_by_user_id" text,
	"invalidated_by_name" text,
	"invalidated_reason" text,
	CONSTRAINT "eligibility_decisions_invalidated" CHECK (num_nonnulls("study"."eligibility_decisions"."invalidated_at", "study"."eligibility_decisions"."invalidated_by_user_id", "study"."eligibility_decisions"."invalidated_by_name", "study"."eligibility_decisions"."invalidated_reason") in (0, 4))
);
--> statement-breakpoint
CREATE TABLE "study"."eligibility_evaluations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"enrollment_id" uuid NOT NULL,
	"round" integer NOT NULL,
	"sha256" text NOT NULL,
	"verdict" text NOT NULL,
	"criteria" jsonb NOT NULL,
	"consent_id" uuid NOT NULL,
	"consent_version" text NOT NULL,
	"consent_language" text NOT NULL,
	"consent_signed_at" timestamp with time zone NOT NULL,
	"edc_revision" integer NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "study"."consent_versions" ADD COLUMN "applies_to" text DEFAULT 'all' NOT NULL;--> statement-breakpoint
CREATE INDEX "eligibility_decisions_enrollment" ON "study"."eligibility_decisions" USING btree ("enrollment_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "eligibility_decisions_in_force" ON "study"."eligibility_decisions" USING btree ("enrollment_id") WHERE "study"."eligibility_decisions"."invalidated_at" is null;--> statement-breakpoint
CREATE INDEX "eligibility_evaluations_enrollment" ON "study"."eligibility_evaluations" USING btree ("enrollment_id","id");