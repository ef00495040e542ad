CREATE TABLE "study"."screening_refusals" (
	"id" uuid PRIMARY KEY NOT NULL,
	"study_id" uuid NOT NULL,
	"site_id" uuid NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"actor" jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "study"."screening_refusals" ADD CONSTRAINT "screening_refusals_study_id_studies_id_fk" FOREIGN KEY ("study_id") REFERENCES "study"."studies"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "screening_refusals_page" ON "study"."screening_refusals" USING btree ("study_id","site_id","id");--> statement-breakpoint
CREATE INDEX "screening_log_page" ON "study"."screening_log" USING btree ("study_id","site_id","enrollment_id");