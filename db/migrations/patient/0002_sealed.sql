-- Texts become bytes as they are; the data step of this migration seals them in the same transaction (data-steps.ts).
ALTER TABLE "patient"."consent_signers" ALTER COLUMN "name" SET DATA TYPE bytea USING convert_to("name", 'UTF8');--> statement-breakpoint
ALTER TABLE "patient"."consent_signers" ALTER COLUMN "relationship" SET DATA TYPE bytea USING convert_to("relationship", 'UTF8');--> statement-breakpoint
ALTER TABLE "patient"."consents" ALTER COLUMN "entered_in_error_reason" SET DATA TYPE bytea USING convert_to("entered_in_error_reason", 'UTF8');--> statement-breakpoint
ALTER TABLE "patient"."history_entries" ALTER COLUMN "entry" SET DATA TYPE bytea USING convert_to("entry"::text, 'UTF8');--> statement-breakpoint
ALTER TABLE "patient"."patient_identifiers" ALTER COLUMN "value" SET DATA TYPE bytea USING convert_to("value", 'UTF8');--> statement-breakpoint
ALTER TABLE "patient"."patients" ALTER COLUMN "name" SET DATA TYPE bytea USING convert_to("name", 'UTF8');--> statement-breakpoint
ALTER TABLE "patient"."patients" ALTER COLUMN "mobile" SET DATA TYPE bytea USING convert_to("mobile", 'UTF8');--> statement-breakpoint
ALTER TABLE "patient"."patients" ALTER COLUMN "email" SET DATA TYPE bytea USING convert_to("email", 'UTF8');--> statement-breakpoint
ALTER TABLE "patient"."patients" ALTER COLUMN "date_of_birth" SET DATA TYPE bytea USING convert_to("date_of_birth"::text, 'UTF8');--> statement-breakpoint
ALTER TABLE "patient"."patients" ADD COLUMN "erased_at" timestamp with time zone;
