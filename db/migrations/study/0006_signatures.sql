CREATE TABLE "study"."misuses" (
	"id" uuid PRIMARY KEY NOT NULL,
	"about" text NOT NULL,
	"operation" text NOT NULL,
	"why" text NOT NULL,
	"via" text NOT NULL,
	"user_id" text NOT NULL,
	"role" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"told_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "study"."eligibility_decisions" ADD COLUMN "record_sha256" text;--> statement-breakpoint
ALTER TABLE "study"."eligibility_decisions" ADD COLUMN "assertion" text;--> statement-breakpoint
CREATE INDEX "misuses_user" ON "study"."misuses" USING btree ("user_id","via","at");--> statement-breakpoint
CREATE INDEX "misuses_about" ON "study"."misuses" USING btree ("about","id");