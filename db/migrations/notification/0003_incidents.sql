ALTER TABLE "notification"."messages" ALTER COLUMN "enrollment_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "notification"."messages" ALTER COLUMN "study_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "notification"."messages" ALTER COLUMN "site_id" DROP NOT NULL;