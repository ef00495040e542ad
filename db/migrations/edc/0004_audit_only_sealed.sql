ALTER TABLE "edc"."audit_entries" DROP COLUMN "reason";--> statement-breakpoint
ALTER TABLE "edc"."audit_entries" DROP COLUMN "before";--> statement-breakpoint
ALTER TABLE "edc"."audit_entries" DROP COLUMN "after";