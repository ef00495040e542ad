-- Texts become bytes as they are; the data step of this migration seals them in the same transaction (data-steps.ts).
ALTER TABLE "edc"."casebooks" ALTER COLUMN "status_reason" SET DATA TYPE bytea USING convert_to("status_reason", 'UTF8');--> statement-breakpoint
ALTER TABLE "edc"."epro_schedules" ALTER COLUMN "status_reason" SET DATA TYPE bytea USING convert_to("status_reason", 'UTF8');--> statement-breakpoint
ALTER TABLE "edc"."screenings" ALTER COLUMN "status_reason" SET DATA TYPE bytea USING convert_to("status_reason", 'UTF8');--> statement-breakpoint
ALTER TABLE "edc"."screening_results" ALTER COLUMN "reason" SET DATA TYPE bytea USING convert_to("reason", 'UTF8');
