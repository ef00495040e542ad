ALTER TABLE "patient"."audit_entries" DROP COLUMN "reason";--> statement-breakpoint
ALTER TABLE "patient"."audit_entries" DROP COLUMN "before";--> statement-breakpoint
ALTER TABLE "patient"."audit_entries" DROP COLUMN "after";