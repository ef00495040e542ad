ALTER TABLE "patient"."consents" ADD COLUMN "attested_by" jsonb;--> statement-breakpoint
ALTER TABLE "patient"."consents" ADD COLUMN "attested_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "patient"."consents" ADD COLUMN "record_sha256" "bytea";