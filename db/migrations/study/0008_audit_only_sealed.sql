ALTER TABLE "study"."audit_entries" DROP COLUMN "reason";--> statement-breakpoint
ALTER TABLE "study"."audit_entries" DROP COLUMN "before";--> statement-breakpoint
ALTER TABLE "study"."audit_entries" DROP COLUMN "after";