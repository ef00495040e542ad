-- Texts become bytes as they are; the data step of this migration seals them in the same transaction (data-steps.ts).
ALTER TABLE "study"."enrollments" ADD COLUMN "expiry_reason" text;--> statement-breakpoint
ALTER TABLE "study"."milestones" ADD COLUMN "words" bytea;--> statement-breakpoint
-- Known codes stay countable; what was none of them counts as other, as it did.
UPDATE "study"."enrollments" SET "expiry_reason" = case
  when "outcome_reason" in ('screening_window', 'eligibility_signature', 'reconsent_deadline') then "outcome_reason" else 'other' end
WHERE "outcome" = 'expired';--> statement-breakpoint
UPDATE "study"."milestones" SET
  "words" = convert_to((select jsonb_object_agg(key, value)::text from jsonb_each("details") where key in ('reason', 'meaning') and jsonb_typeof(value) = 'string'), 'UTF8'),
  "details" = coalesce((select jsonb_object_agg(key, value) from jsonb_each("details") where key not in ('reason', 'meaning') or jsonb_typeof(value) <> 'string'), '{}')
WHERE jsonb_typeof("details"->'reason') = 'string' or jsonb_typeof("details"->'meaning') = 'string';--> statement-breakpoint
ALTER TABLE "study"."enrollments" ALTER COLUMN "outcome_reason" SET DATA TYPE bytea USING convert_to("outcome_reason", 'UTF8');--> statement-breakpoint
ALTER TABLE "study"."screening_log" ALTER COLUMN "reason" SET DATA TYPE bytea USING convert_to("reason", 'UTF8');--> statement-breakpoint
ALTER TABLE "study"."deviations" ALTER COLUMN "description" SET DATA TYPE bytea USING convert_to("description", 'UTF8');--> statement-breakpoint
ALTER TABLE "study"."eligibility_decisions" ALTER COLUMN "reason" SET DATA TYPE bytea USING convert_to("reason", 'UTF8');--> statement-breakpoint
ALTER TABLE "study"."eligibility_decisions" ALTER COLUMN "meaning" SET DATA TYPE bytea USING convert_to("meaning", 'UTF8');--> statement-breakpoint
ALTER TABLE "study"."eligibility_decisions" ALTER COLUMN "invalidated_reason" SET DATA TYPE bytea USING convert_to("invalidated_reason", 'UTF8');--> statement-breakpoint
ALTER TABLE "study"."eligibility_decisions" ALTER COLUMN "record_sha256" SET DATA TYPE bytea USING convert_to("record_sha256", 'UTF8');--> statement-breakpoint
ALTER TABLE "study"."code_breaks" ALTER COLUMN "reason" SET DATA TYPE bytea USING convert_to("reason", 'UTF8');--> statement-breakpoint
ALTER TABLE "study"."baseline_corrections" ALTER COLUMN "reason" SET DATA TYPE bytea USING convert_to("reason", 'UTF8');--> statement-breakpoint
ALTER TABLE "study"."unblindings" ALTER COLUMN "reason" SET DATA TYPE bytea USING convert_to("reason", 'UTF8');--> statement-breakpoint
ALTER TABLE "study"."unblinding_approvals" ALTER COLUMN "reason" SET DATA TYPE bytea USING convert_to("reason", 'UTF8');--> statement-breakpoint
ALTER TABLE "study"."enrollments" ADD CONSTRAINT "enrollments_expiry_reason" CHECK ("study"."enrollments"."expiry_reason" is null or ("study"."enrollments"."outcome" = 'expired' and "study"."enrollments"."expiry_reason" in ('screening_window', 'eligibility_signature', 'reconsent_deadline', 'other')));
